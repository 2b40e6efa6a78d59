"""The content of a template: no part of the page (https://html.spec.whatwg.org/#parsing-main-intemplate).

Only what its bytes are cut into matters, and that nothing of it is left behind: a cell or an object that is still open
where the template ends leaves formatting elements to be opened again in the page.
"""

from __future__ import annotations

from .elements import Mode, Tag
from .stack import Element, GiveUp, Stack

_CELLS = frozenset({b"td", b"th"})
_LEAVES_TRACES = frozenset({b"caption", b"applet", b"marquee", b"object"}) | _CELLS
_BARRIERS = frozenset({b"table", b"select"})  # end tags inside do not reach beyond
_HIDES_RAW_TEXT = frozenset({b"select", b"col", b"colgroup", b"frameset"})


class TemplateContent:
    """Follows the tags in a template, and in those inside of it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._open: list[bytes] = []  # what has to be closed properly
        self._hides_raw_text = False  # there is something in which <style> and the like are no raw text

    def start(self, element: Element) -> bool:
        """A start tag. True if its content may be text."""
        tag, name = element.tag, element.tag.name
        element.mask = 0
        if self._hides_raw_text and (tag.mode is Mode.FOREIGN or tag.text):
            raise GiveUp("content of a template")
        if name == b"noscript":
            raise GiveUp("content of a template")
        if name in _HIDES_RAW_TEXT:
            self._hides_raw_text = True
        if name == b"template":
            self._open.append(name)
            self._stack.push(element)
        elif tag.mode is Mode.FOREIGN:
            if not element.is_self_closing:
                self._stack.push(element)
        elif name in _CELLS and self._open and self._open[-1] in _CELLS:
            self._open[-1] = name
        elif name in _LEAVES_TRACES or name in _BARRIERS:
            self._open.append(name)
        return not tag.mode

    def end(self, tag: Tag) -> None:
        """An end tag."""
        is_template = tag.name == b"template"
        if self._open and (is_template or tag.name in _LEAVES_TRACES or tag.name in _BARRIERS):
            if self._open.pop() != tag.name:
                raise GiveUp("content of a template")
        elif is_template:
            self._hides_raw_text = False
        if is_template:
            self._stack.pop_to(self._stack.index_of(b"template"))
