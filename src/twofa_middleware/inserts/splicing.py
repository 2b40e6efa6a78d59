"""The app's page on its way to the browser, with our controls put into it.

Only a whole page in HTML that a reader of ASCII can follow is touched: no part of one, no coded body, no odd charset. What
goes wrong while a control is drawn costs the control alone: the page goes on, and an event says so.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..asks import Emit
from ..browser.origin import is_the_page
from ..http import Headers
from ..protocol import Event, Flow
from .controls import Scene, draw
from .rules import InsertRule
from .splicer import Gap, Splicer, Spot

PAGE_STATUSES = frozenset({200, 422})
"""A page, and a form that the app gives back with its faults named (RFC 9110 §15.5.21)."""

_KINDS = {b"text/html": False, b"application/xhtml+xml": True}
_CHARSETS = (b"utf-8", b"utf8", b"us-ascii", b"iso-8859-", b"windows-125", b"latin1", b"koi8-")
# What says something of the bytes that the app has made, and not of those that go out.
_OF_OTHER_BYTES = frozenset(
    {
        b"content-length",
        b"etag",
        b"last-modified",
        b"accept-ranges",
        b"content-md5",
        b"digest",
        b"content-digest",
        b"repr-digest",
        b"cache-control",
        b"expires",
        b"surrogate-control",
        b"cdn-cache-control",  # RFC 9213; either goes over Cache-Control where a shared cache reads it
    }
)

ASKS_WHOLE: Mapping[bytes, bytes | None] = {
    b"accept-encoding": b"identity",
    b"if-none-match": None,
    b"if-modified-since": None,
    b"if-range": None,
    b"range": None,
    b"a-im": None,
}
"""What is changed in a request for a page with controls: the app shall answer with the whole page, in plain."""


@dataclass(frozen=True, slots=True)
class Page:
    """``is_xml``: XHTML that is served as XML."""

    is_xml: bool
    charset: str


class ControlSplicing:
    """Puts the controls of some rules into one page."""

    def __init__(self, scene: Scene, rules: Iterable[InsertRule], page: Page) -> None:
        self._scene = scene
        self._rules = tuple(rules)
        spots = [
            Spot(
                rule.selector,
                rule.settings.position,
                is_every=rule.settings.every,
                field=rule.name if rule.source == "field" else None,
            )
            for rule in self._rules
        ]
        self._is_broken = False
        self._splicer = Splicer(spots, scene.site.app.scan_limit_bytes, page.is_xml, page.charset)

    def feed(self, chunk: bytes) -> Flow[bytes]:
        if self._is_broken:
            return chunk
        return (yield from self._filled(self._splicer.feed(chunk), self._splicer.held + chunk))

    def close(self) -> Flow[bytes]:
        if self._is_broken:
            return b""
        rest = yield from self._filled(self._splicer.close(), self._splicer.held)
        for rule, outcome in zip(self._rules, self._splicer.outcomes, strict=True):
            if outcome != "found":
                yield from self._warn(rule, outcome)
        return rest

    def _warn(self, rule: InsertRule, outcome: str, **more: str) -> Emit:
        return self._scene.site.warn(
            "a control has no place in its page",
            self._scene.request.now,
            page=rule.settings.path,
            selector=rule.settings.selector,
            outcome=outcome,
            **more,
        )

    def _filled(self, pieces: Iterable[bytes | Gap], data: bytes) -> Flow[bytes]:
        """The pieces with their gaps filled. ``data`` is what they are made of, so that none of it is lost."""
        out, passed = [], 0
        try:
            for piece in pieces:
                if isinstance(piece, bytes):
                    out.append(piece)
                    passed += len(piece)
                else:
                    out.append((yield from self._drawn(piece)))
        except Exception as error:
            self._is_broken = True
            facts = {"page": self._scene.request.path}
            yield from self._tell("a control could not be drawn", facts, error)
            out.append(data[passed:])
        return b"".join(out)

    def _tell(self, name: str, facts: Mapping[str, str | int], error: Exception) -> Emit:
        now = self._scene.request.now
        return Emit(Event(name, now, self._scene.site.name, "", facts, error, "error"))

    def _drawn(self, gap: Gap) -> Flow[bytes]:
        rule = self._rules[gap.spot]
        if rule.has_form and not self._comes_back(gap.form, gap.bases):
            yield from self._warn(
                rule,
                "not in a form that posts to the page",
                remedy='let the selector name a place in a form with method="post", whose action is this page',
            )
            return b""
        try:
            parts = rule.path.parts(self._scene.request.path)
            target = yield from rule.target_of(parts, gap.attributes, gap.field)
            markup = yield from draw(self._scene, rule, target)
        except Exception as error:
            facts = {"page": rule.settings.path, "what": rule.what}
            yield from self._tell("a control could not be drawn", facts, error)
            return b""
        return markup.encode("ascii", "xmlcharrefreplace")

    def _comes_back(self, form: Mapping[str, str] | None, bases: Iterable[str]) -> bool:
        """Whether what is put into this form comes back to this page: its token is nobody else's business.

        Of several bases browsers take the first, unless it is one that does not count; so it has to be so under each.
        """
        request, origins = self._scene.request, self._scene.site.app.origins
        if form is None or form.get("method", "").lower() != "post":
            return False
        action, path = form.get("action", ""), request.quoted_root + request.path
        # No action, or an empty one, is the page itself, whatever the base (HTML Standard, "form submission", step 12).
        return all(is_the_page(action, path, origins, base) for base in (*(bases if action else ()), ""))


def page_of(status: int, headers: Headers) -> Page | None:
    """What kind of page an answer is; None if it is none that we may change."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value.strip().lower())
    kinds = values.get(b"content-type", [])
    if status not in PAGE_STATUSES or len(kinds) != 1 or set(values.get(b"content-encoding", ())) - {b"identity"}:
        return None
    kind, _, parameters = kinds[0].partition(b";")
    charset = parameters.partition(b"charset=")[2].strip(b" \"'").partition(b";")[0].strip(b" \"'")
    if kind.strip() not in _KINDS or (charset and not charset.startswith(_CHARSETS)):
        return None
    page = Page(_KINDS[kind.strip()], charset.decode("ascii", "replace") or "utf-8")
    return page if _is_known(page.charset) else None


def _is_known(charset: str) -> bool:
    """Whether the page can be read in this charset: its name begins like that of one, and may be none all the same."""
    try:
        codecs.lookup(charset)
    except (LookupError, ValueError):
        return False
    return True


def of_changed_page(headers: Headers) -> Headers:
    """The headers of a page that has a control in it: it is for one person, and for now."""
    kept = tuple(pair for pair in headers if pair[0].lower() not in _OF_OTHER_BYTES)
    return (*kept, (b"cache-control", b"private, no-store"))
