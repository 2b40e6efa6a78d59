"""What the answer of a page says of a login: as JSON, by dotted paths; as text, by regular expressions with one group.

Whatever can be read in two ways is not read: a key that stands there twice, two matches, a name with a character that is
written otherwise in HTML.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from typing import Any, Literal

from ..asks import AppAnswer
from ..errors import ConfigError
from ..protocol import Login, user_id
from .question import PageOptions

MISSING = object()
"""Nothing stands there, which is not the same as null."""

ACCEPTS = {"json": "application/json", "text": "text/html, text/plain;q=0.9"}

_DOTTED = re.compile(r"[^.]+(\.[^.]+)*")
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([A-Za-z0-9._:-]+)", re.IGNORECASE)


class FactOptions(PageOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``user``, ``session``, ``label`` and ``email``: dotted paths into JSON, such as ``user.id`` (a number counts in a
    list), or with ``format = "text"`` regular expressions of which each has one group and matches once."""

    format: Literal["json", "text"] = "json"
    session: str | None = None
    label: str | None = None
    email: str | None = None


class Facts:
    """Reads an answer by the options."""

    def __init__(self, user: str, options: FactOptions, where: str) -> None:
        self._reads_json = options.format == "json"
        self._session = options.session
        wanted = {"user": user, "session": options.session, "label": options.label, "email": options.email}
        self._wanted = {key: text for key, text in wanted.items() if text is not None}
        self._patterns = {}
        for key, text in self._wanted.items():
            if self._reads_json:
                check_path(text, f"{where}: {key}")
            else:
                self._patterns[key] = pattern_of(text, f"{where}: {key}", groups=1)

    def login(self, answer: AppAnswer) -> Login:
        """Who is logged in by a page that says so; ValueError where it does not say it, or in two ways."""
        found, is_html = (parse_json(answer), False) if self._reads_json else text_of(answer)
        user = self._one("user", found)
        if is_html and isinstance(user, str) and "&" in user:
            raise ValueError("the user id has an & in HTML, where it may stand for another character")
        session = None if self._session is None else _session(self._one("session", found))
        return Login(user_id(user), session, self._text("label", found, is_html), self._text("email", found, is_html))

    def _one(self, key: str, found: Any) -> object:
        if self._reads_json:
            value = fact_at(found, self._wanted[key])
            if value is MISSING or value is None:
                raise ValueError(f"there is no {key} at {self._wanted[key]}")
            return value
        matches = self._patterns[key].findall(found)
        if len(matches) != 1:
            raise ValueError(f"the pattern of {key} matches {len(matches)} times")
        return matches[0]

    def _text(self, key: str, found: Any, is_html: bool) -> str:
        """A label or an address for people: nobody is told apart by it, so an odd one is left out."""
        if key not in self._wanted:
            return ""
        try:
            value = self._one(key, found)
        except ValueError:
            return ""
        text = value if isinstance(value, str) else ""
        text = html.unescape(text) if is_html else text
        return text if text.isprintable() and len(text) <= 255 else ""


def _session(value: object) -> str:
    """The session as a string. There must be one: without it the next log-in would look like this one."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"a {type(value).__name__} as session")
    return str(value)


# ---- answers as values ----------------------------------------------------------------------------------------------


def parse_json(answer: AppAnswer) -> object:
    """The JSON of an answer; ValueError for what two parsers may read differently (RFC 8259 §4, §6, §8.1)."""
    _refuse_coded(answer)
    try:
        return json.loads(answer.body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ValueError("the answer is no UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("the answer is no JSON") from None
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None


def text_of(answer: AppAnswer) -> tuple[str, bool]:
    """The text of an answer, and whether it is HTML."""
    _refuse_coded(answer)
    kind = b",".join(value for name, value in answer.headers if name == b"content-type")
    named = _CHARSET.search(kind)
    try:
        codec = codecs.lookup(named[1].decode() if named else "utf-8")
        text = answer.body.decode(codec.name)
    except (LookupError, UnicodeDecodeError):
        raise ValueError("the answer is not in the charset that it names, or UTF-8") from None
    return text, b"html" in kind.lower()


def fact_at(found: object, path: str) -> object:
    """What stands at the dotted path; MISSING where nothing does, and null also where null stands on the way."""
    for key in path.split("."):
        if found is None:
            return None
        if isinstance(found, dict):
            found = found.get(key, MISSING)
        elif isinstance(found, list) and key.isascii() and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return MISSING
    return found


def check_path(text: str, where: str) -> None:
    if not _DOTTED.fullmatch(text):
        raise ConfigError(f'{where} = "{text}" is no path into JSON; write keys joined by dots, such as "user.id"')


def pattern_of(text: str, where: str, groups: int) -> re.Pattern[str]:
    """A regular expression of the settings, with so many groups."""
    try:
        compiled = re.compile(text)
    except re.error as error:
        raise ConfigError(f"{where} is no regular expression: {error}") from None
    if compiled.groups != groups:
        wanted = "exactly one group, around what it finds" if groups == 1 else "no group; write (?:…)"
        raise ConfigError(f"{where} has {compiled.groups} groups, and needs {wanted}")
    return compiled


def _refuse_coded(answer: AppAnswer) -> None:
    codings = [value.strip().lower() for name, value in answer.headers if name == b"content-encoding"]
    if any(coding not in (b"", b"identity") for coding in codings):
        raise ValueError("the answer is compressed, though nobody asked for that")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in the answer twice")
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"the answer has {text}, which is no JSON")
