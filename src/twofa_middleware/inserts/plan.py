"""What is looked for in a page, made ready once for all pages: each compound of each selector is a bit.

The bits of a selector follow each other from the outermost compound to the last one. So an element that is opened only
needs its parent's bits, moved by one, to know which beginnings of which selectors it completes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .selector import Compound, Selector
from .tokens import read_attributes

Position = Literal["before", "after", "prepend", "append"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a page: the element, and where about it.

    ``is_every``: each element that fits, not only the first. ``field``: the name of a field of the form around the
    place whose value is needed; it has to stand before the place.
    """

    selector: Selector
    position: Position
    is_every: bool = False
    field: str | None = None


class _Wanted:
    """A compound and its bit."""

    __slots__ = ("bit", "compound", "has_attributes", "words")

    def __init__(self, compound: Compound, bit: int, charset: str) -> None:
        self.compound = compound
        self.bit = bit
        self.has_attributes = bool(compound.ids or compound.classes or compound.attributes)
        try:
            self.words = tuple(word.encode(charset) for word in compound.words)
        except UnicodeEncodeError:  # such a page can write the word with character references only
            self.words = (b"&",)


class Plan:
    """All spots of a page, read-only.

    ``firsts`` and ``children``: the bits of compounds that stand at the beginning, or behind ``>``. ``subjects``: the
    bits of last compounds, each of which ``spot_of`` leads to its spot and ``needs`` to the bits before it. ``named``
    and ``unnamed``: the compounds with and without a tag.
    """

    def __init__(self, spots: tuple[Spot, ...], charset: str) -> None:
        self.spots = spots
        self.charset = charset
        self.firsts = self.children = self.subjects = 0
        self.spot_of: dict[int, int] = {}
        self.subject_of: list[int] = []
        self.needs: dict[int, int] = {}
        self.fields = frozenset(spot.field for spot in spots if spot.field is not None)
        self.is_combining = any(spot.selector.combinators for spot in spots)
        self.named: dict[bytes, list[_Wanted]] = {}
        self.unnamed: list[_Wanted] = []
        bit = 1
        for index, spot in enumerate(spots):
            needs = 0
            self.firsts |= bit
            for compound, combinator in zip(spot.selector.compounds, (*spot.selector.combinators, ""), strict=True):
                wanted = _Wanted(compound, bit, charset)
                if compound.tag is None:
                    self.unnamed.append(wanted)
                else:
                    self.named.setdefault(compound.tag.encode("utf-8"), []).append(wanted)
                if combinator:
                    needs |= bit
                if combinator == ">":
                    self.children |= bit << 1
                bit <<= 1
            last = bit >> 1
            self.subjects |= last
            self.subject_of.append(last)
            self.spot_of[last] = index
            self.needs[last] = needs

    def mask(self, name: bytes, source: bytes) -> int:
        """The bits of the compounds that an element fits."""
        named = self.named.get(name)
        mask, attributes = 0, None
        for wanted in (*named, *self.unnamed) if named else self.unnamed:
            if not wanted.has_attributes:
                mask |= wanted.bit
                continue
            for word in wanted.words:
                if word not in source and b"&" not in source:
                    break
            else:
                if attributes is None:
                    attributes = read_attributes(source, self.charset)
                if wanted.compound.fits(attributes):
                    mask |= wanted.bit
        return mask

    def is_hidden_input(self, source: bytes) -> bool:
        return read_attributes(source, self.charset).get("type", "").lower() == "hidden"


@lru_cache(maxsize=256)
def plan_of(spots: tuple[Spot, ...], charset: str) -> Plan:
    return Plan(spots, charset)
