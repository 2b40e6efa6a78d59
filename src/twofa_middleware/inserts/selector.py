"""The part of CSS selectors that names a place (https://www.w3.org/TR/selectors-4/), told while a page streams.

A tag, ``#id``, ``.class``, ``[attr]`` and ``[attr=value]``, put together without a space for one element, with a space
for a descendant, with ``>`` for a child. Siblings, pseudo-classes and lists are refused, since a place has to be one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from ..errors import ConfigError

_IDENTIFIER = r"-?(?:[A-Za-z_\x80-\U0010FFFF]|-(?=[\w-]))[\w\x80-\U0010FFFF-]*+"
_COMBINATOR = re.compile(r"\s*+(>)\s*+|\s++")
_REMEDY = 'use a tag, #id, .class, [attr] and [attr="value"], with a space for a descendant and > for a child'


@cache
def _part() -> re.Pattern[str]:
    # Its sets reach to the end of Unicode: it takes 25 ms to compile, and few apps have a selector.
    return re.compile(
        rf"""(?P<tag>{_IDENTIFIER})
        | \#(?P<id>{_IDENTIFIER})
        | \.(?P<class>{_IDENTIFIER})
        | \[\s*+(?P<attribute>{_IDENTIFIER}(?::{_IDENTIFIER})?)\s*+
            (?:=\s*+(?:"(?P<double>[^"\\\x00-\x1f]*+)"
              |'(?P<single>[^'\\\x00-\x1f]*+)'|(?P<bare>[\w\x80-\U0010FFFF-]++))\s*+)?
          \]""",
        re.VERBOSE | re.ASCII,
    )


@dataclass(frozen=True)
class Compound:
    """What one element has to be. Names of tags and attributes are in lower case, as HTML has them."""

    tag: str | None
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    attributes: tuple[tuple[str, str | None], ...]

    def fits(self, attributes: Mapping[str, str]) -> bool:
        """Whether an element of this tag with these attributes is meant."""
        if any(attributes.get("id") != wanted for wanted in self.ids):
            return False
        if self.classes:
            classes = _CLASS.findall(attributes.get("class", ""))
            if not all(wanted in classes for wanted in self.classes):
                return False
        return all(
            name in attributes and (value is None or attributes[name] == value) for name, value in self.attributes
        )

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Texts that stand in the source of a tag that fits, unless it writes them with character references."""
        values = (value for _, value in self.attributes if value)
        return (*self.ids, *self.classes, *values)


_CLASS = re.compile(r"[^\t\n\f\r ]+")


@dataclass(frozen=True)
class Selector:
    """Compounds from the outermost to the one that is looked for; ``combinators[i]`` stands before the next one."""

    text: str
    compounds: tuple[Compound, ...] = field(compare=False)
    combinators: tuple[str, ...] = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read a selector; ConfigError names the text and what may stand there."""
        compounds: list[Compound] = []
        combinators: list[str] = []
        at, end = len(text) - len(text.lstrip()), len(text.rstrip())
        while True:
            compound, at = _compound(text, at, end)
            compounds.append(compound)
            if at == end:
                return cls(text, tuple(compounds), tuple(combinators))
            between = _COMBINATOR.match(text, at, end)
            if between is None:
                raise _refusal(text, at)
            combinators.append(between[1] or " ")
            at = between.end()


def _compound(text: str, at: int, end: int) -> tuple[Compound, int]:
    part, start, tag = _part(), at, None
    ids: list[str] = []
    classes: list[str] = []
    attributes: list[tuple[str, str | None]] = []
    while found := part.match(text, at, end):
        match found.lastgroup:
            case "tag" if at > start:
                break
            case "tag":
                tag = found["tag"].lower()
            case "id":
                ids.append(found["id"])
            case "class":
                classes.append(found["class"])
            case _:
                values = (found["double"], found["single"], found["bare"])
                value = next((value for value in values if value is not None), None)
                attributes.append((found["attribute"].lower(), value))
        at = found.end()
    if at == start:
        raise _refusal(text, at)
    return Compound(tag, tuple(ids), tuple(classes), tuple(attributes)), at


def _refusal(text: str, at: int) -> ConfigError:
    place = f"at {text[at:]!r}" if text[at:].strip() else "at its end"
    return ConfigError(f"selector {text!r}: cannot be read {place}; {_REMEDY}")
