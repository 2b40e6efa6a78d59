"""From plain values to settings, with errors that say which key of which section is wrong, and what may stand there."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from ..errors import ConfigError

_Struct = TypeVar("_Struct", bound=Struct)
ENVIRONMENT_PREFIX = "TWOFA__"


def value_of(text: str) -> object:
    """The text as one TOML value, or as it is."""
    try:
        found = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return found["value"] if len(found) == 1 else text


def struct_of(
    values: object, kind: type[_Struct], source: str, section: str, source_of: Callable[[str], str] | None = None
) -> _Struct:
    """A Struct out of plain values; ConfigError says which key of which section is wrong, and what may stand there.

    ``source_of``: where a dotted key stands, if not all of them stand in ``source``.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        place = place.rstrip("`").lstrip(".")
        inner = ".".join(filter(None, (section, place)))
        unknown = re.search(r"unknown field `(.*)`", message)
        if source_of is not None:
            source = source_of(".".join(filter(None, (inner, unknown[1] if unknown else ""))))
        if unknown:
            known = _struct_at(kind, place).__struct_fields__
            raise ConfigError(
                f'{source}: unknown key "{unknown[1]}"{_in(inner)}{did_you_mean(unknown[1], known)}'
            ) from None
        missing = re.search(r"missing required field `(.*)`", message)
        if missing:
            raise ConfigError(f'{source}: the key "{missing[1]}" is missing{_in(inner)}') from None
        words = message[:1].lower() + message[1:]
        raise ConfigError(
            f'{source}: "{place or section}"{_in(section)}: {words}{_instead(kind, place, message)}'
        ) from None


def _struct_at(kind: type[Struct], place: str) -> type[Struct]:
    """The Struct that lies at a place such as ``service_accounts[0]`` below another."""
    for key in re.findall(r"[a-z]\w*", place):
        hint = get_type_hints(kind).get(key)
        structs = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, Struct)]
        kind = structs[0] if structs else kind
    return kind


def _instead(kind: type[Struct], place: str, message: str) -> str:
    """What may stand there, where the message alone does not say it."""
    if "xpected `array`" in message:
        return '; write ["…"], a list'
    hint = get_type_hints(_struct_at(kind, place)).get(place.rpartition(".")[2])
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    return f"; it is one of {', '.join(map(str, choices))}" if choices else ""


def _in(section: str) -> str:
    return f" in [{section}]" if section else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest of the known ones, or else all of them."""
    close = difflib.get_close_matches(word, known := list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are: {', '.join(known)}" if known else ""
