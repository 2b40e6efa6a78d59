"""What stands in a page: its forms with the fields that a browser would send, and its links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_TYPED = {"text", "email", "tel", "search", "url", "number", ""}
_NOT_SENT = {"button", "image", "reset", "file"}


@dataclass
class Form:
    """``fields`` are those that are sent untouched, ``typed`` the names of those to type in, ``password`` the one of these
    that hides what is typed; ``action`` is empty where the form goes to its own page."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    password: str | None = None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").upper()))
            self._is_open = True
        elif tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag in ("input", "button") and self._is_open and given.get("name"):
            self._take(self.forms[-1], given["name"], given.get("type", "" if tag == "input" else "submit"), given)

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag != "form"

    def _take(self, form: Form, name: str, kind: str, given: dict[str, str]) -> None:
        kind = kind.lower()
        if kind == "password":
            form.password = form.password or name
        elif kind in _TYPED:
            form.typed.append(name)
            form.fields[name] = given.get("value", "")
        elif kind in ("checkbox", "radio"):
            form.fields |= {name: given.get("value", "on")} if "checked" in given else {}
        elif kind == "submit":
            form.fields.setdefault(name, given.get("value", ""))  # of several buttons the first is pressed
        elif kind not in _NOT_SENT:
            form.fields[name] = given.get("value", "")


def forms_of(html: str) -> list[Form]:
    return _read(html).forms


def links_of(html: str) -> list[str]:
    """The addresses of all links, as they stand there."""
    return _read(html).links


def log_in_form(html: str) -> Form | None:
    """The first form that asks for a password."""
    return next((form for form in _read(html).forms if form.password), None)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader
