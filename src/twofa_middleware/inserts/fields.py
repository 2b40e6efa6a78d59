"""The fields of a form with their values, as the page shows them before anybody types."""

from __future__ import annotations

from .elements import Mode
from .plan import Plan
from .stack import Element, Form, Stack
from .tokens import read_attributes, unescape_text

_TAGS = frozenset({b"input", b"select", b"option", b"textarea"})
_NO_VALUE = frozenset({"submit", "button", "image", "reset", "file"})
_SPACES = "\t\n\f\r "


class FormFields:
    """Notes the values of the fields that are asked for, in the form that they belong to."""

    def __init__(self, plan: Plan, *, is_xml: bool = False) -> None:
        self._wanted = plan.fields
        self._is_xml = is_xml
        self._charset = plan.charset
        self._select: str | None = None
        self._field: tuple[Form, str, str] | None = None  # whose text is being read, its name and its tag
        self._text: list[bytes] = []

    @property
    def is_reading(self) -> bool:
        """Whether text that goes by is the value of a field."""
        return self._field is not None

    def read(self, text: bytes) -> None:
        self._text.append(text)

    def start(self, element: Element, stack: Stack) -> None:
        """A start tag that began an HTML element."""
        self.end()
        name = element.tag.name
        if name not in _TAGS:
            return
        attributes = read_attributes(element.source, self._charset)
        if name == b"select":
            self._select = None if "form" in attributes else attributes.get("name")
            return
        form, parent = stack.form, stack.open[-1]
        if name == b"option":
            if parent.mode is not Mode.IN_SELECT or "selected" not in attributes:
                return
            field = self._select
        else:
            field = None if "form" in attributes else attributes.get("name")
        if field is None or form is None or field not in self._wanted:
            return
        if parent.in_noscript:
            form.values[field] = None
        elif name == b"input":
            kind = attributes.get("type", "").lower()
            if kind not in _NO_VALUE and (kind not in ("checkbox", "radio") or "checked" in attributes):
                _note(form, field, attributes.get("value", "on" if kind in ("checkbox", "radio") else ""))
        elif name == b"option" and "value" in attributes:
            _note(form, field, attributes["value"])
        else:
            self._field = (form, field, name.decode())

    def end(self) -> None:
        """A tag that ends the text."""
        if self._field is None:
            return
        form, field, tag = self._field
        text = unescape_text(b"".join(self._text).decode(self._charset, "replace"))
        self._field = None
        self._text.clear()
        if text is not None and tag == "option":
            text = " ".join(word for word in _split(text) if word)
        elif text is not None and not self._is_xml:
            text = text.removeprefix("\n")  # https://html.spec.whatwg.org/#parsing-main-inbody, "textarea"
        _note(form, field, text)


def _split(text: str) -> list[str]:
    for space in _SPACES:
        text = text.replace(space, " ")
    return text.split(" ")


def _note(form: Form, field: str, value: str | None) -> None:
    form.values[field] = value if field not in form.values else None
