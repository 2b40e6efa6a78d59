"""Puts gaps into a page while it streams: the caller fills them, and every other byte goes out as it came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .markup import MarkupScanner
from .plan import Plan, Position, Spot, plan_of
from .search import LIMIT, Search
from .stack import Element, GiveUp
from .tokens import read_attributes
from .xhtml import XmlScanner

__all__ = ["Gap", "Position", "Splicer", "Spot"]

LIMIT_BYTES = 64 * 1024
_FIRST_PIECE_BYTES = 128  # then twice as many each time: the first byte is early, and pieces are few
_ESCAPE = b"\x1b"
_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xfe\xff", b"\xff\xfe")


@dataclass(frozen=True, slots=True)
class Gap:
    """Here goes what belongs to the spot of this number.

    ``attributes`` are those of the element, ``form`` those of the form that what goes here belongs to, None for no form.
    ``field`` is the value of the field that the spot asks for: None where the form has none of that name before the
    place, or several. ``bases``: what the elements "base" before it name, by which browsers read addresses.
    """

    spot: int
    attributes: Mapping[str, str]
    field: str | None
    form: Mapping[str, str] | None
    bases: tuple[str, ...] = ()


class Splicer:
    """Finds the spots of one page.

    ``feed`` and ``close`` give the page's bytes and the gaps in order, while they are iterated over; each iterator has
    to be used up before the next call. ``limit_bytes`` are looked at without a match, then the page goes through.
    ``charset`` is that of the page, which has to write ASCII as ASCII does; ``is_xml``: it is XHTML served as XML.
    """

    def __init__(
        self,
        spots: Iterable[Spot],
        limit_bytes: int = LIMIT_BYTES,
        is_xml: bool = False,
        charset: str = "utf-8",
    ) -> None:
        self._plan: Plan = plan_of(tuple(spots), charset)
        self._scanner = XmlScanner(self._plan) if is_xml else MarkupScanner(self._plan)
        self._search: Search = self._scanner.search
        self._limit_bytes = limit_bytes
        self._left_bytes = limit_bytes
        self._piece_bytes = _FIRST_PIECE_BYTES
        self._held = b""
        self._is_at_start = True
        self._is_over = self._search.is_over

    @property
    def outcomes(self) -> tuple[str, ...]:
        """For each spot: "found", "not found", "limit reached", "gave up: …", or "looked for" while it is."""
        return tuple(self._search.outcomes)

    @property
    def held(self) -> bytes:
        """What has come of the page and cannot be passed on yet."""
        return self._held

    def feed(self, chunk: bytes) -> Iterator[bytes | Gap]:
        """The next bytes of the page."""
        if self._is_over:
            if chunk:
                yield chunk
            return
        data = self._held + chunk if self._held else chunk
        out = at = 0
        if self._is_at_start:
            if len(data) < 3 and (_UTF_8_MARK.startswith(data) or data in (b"\xfe", b"\xff")):
                self._held = data
                return
            self._is_at_start = False
            if data.startswith(_UTF_16_MARKS):
                self._search.give_up("gave up: UTF-16")
            elif data.startswith(_UTF_8_MARK):
                at = len(_UTF_8_MARK)
        escape = data.find(_ESCAPE)
        readable = len(data) if escape < 0 else escape
        while not self._search.is_over:
            limit = at + self._left_bytes
            try:
                reached = self._scanner.scan(data, at, min(readable, limit), at + self._piece_bytes)
            except GiveUp as reason:
                self._search.give_up(f"gave up: {reason}")
                break
            self._left_bytes -= reached - at
            at = reached
            for place in self._search.places:
                self._left_bytes = self._limit_bytes
                if place.at > out:
                    yield data[out : place.at]
                    out = place.at
                yield self._gap(place.spot, place.element)
            self._search.places.clear()
            if self._scanner.is_starved:
                if limit <= readable:
                    self._search.give_up(LIMIT)
                elif escape >= 0:
                    self._search.give_up("gave up: escape sequence")
                break
            if at > out:
                self._piece_bytes *= 2
                yield data[out:at]
                out = at
        self._is_over = self._search.is_over
        rest = len(data) if self._is_over else at
        self._held = data[rest:]
        if rest > out:
            yield data[out:rest] if out or rest < len(data) else data

    def close(self) -> Iterator[bytes | Gap]:
        """The page has ended: what was held back."""
        self._search.finish()
        self._is_over = True
        held, self._held = self._held, b""
        if held:
            yield held

    def _gap(self, spot: int, element: Element) -> Gap:
        wanted, charset = self._plan.spots[spot], self._plan.charset
        is_beside_form = element.tag.name == b"form" and wanted.position in ("before", "after")
        form = None if is_beside_form else element.form
        value = form.values.get(wanted.field) if wanted.field is not None and form is not None else None
        around = None if form is None else read_attributes(form.source, charset)
        named = (read_attributes(source, charset).get("href") for source in self._search.bases)
        bases = tuple(href for href in named if href is not None)
        return Gap(spot, read_attributes(element.source, charset), value, around, bases)
