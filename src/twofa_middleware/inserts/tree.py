"""Tree construction without the tree: which tags begin elements, and which end them
(https://html.spec.whatwg.org/multipage/parsing.html#tree-construction).

The insertion mode is that of the current node: each element on the stack keeps the mode inside of it.
"""

from __future__ import annotations

import re

from .elements import BREAKS_OUT, INTEGRATION_POINTS, KNOWN, Mode, Tag
from .ends import END
from .plan import Plan
from .stack import Element, GiveUp, Stack
from .starts import START
from .tables import end_in_select, end_in_table, start_in_select, start_in_table
from .templates import TemplateContent

_SPACE = re.compile(rb"[\t\n\f\r ]*+")
_IN_HEAD_NOSCRIPT = frozenset({b"basefont", b"bgsound", b"link", b"meta", b"noframes", b"style"})
_ENDS_OF_HEAD = frozenset({b"head", b"body", b"html", b"br"})
_BEFORE_BODY = frozenset({Mode.BEFORE_HTML, Mode.BEFORE_HEAD, Mode.IN_HEAD, Mode.IN_HEAD_NOSCRIPT, Mode.AFTER_HEAD})
_TABLE_MODES = frozenset(
    {Mode.IN_TABLE, Mode.IN_CAPTION, Mode.IN_COLUMN_GROUP, Mode.IN_TABLE_BODY, Mode.IN_ROW, Mode.IN_CELL}
)
MINDS_TEXT = _BEFORE_BODY | {Mode.IN_COLUMN_GROUP}
"""Modes in which text that is not white space changes what is open."""

_NO_QUIRKS = re.compile(
    rb"""<!doctype\s+html\s*(?:>
    | system\s+["']about:legacy-compat["']\s*>
    | public\s+["']-//W3C//DTD\ (?:XHTML\ 1\.[01]|HTML\ 4\.01//)[^"'>]*["']
      (?:\s+["']https?://www\.w3\.org/[^"'>]*["'])?\s*>)""",
    re.IGNORECASE | re.VERBOSE,
)


class Tree:
    """Follows the tags of an HTML page; ``stack`` says what is open and what was found."""

    def __init__(self, plan: Plan) -> None:
        self.stack = Stack(plan)
        self._template = TemplateContent(self.stack)

    @property
    def is_foreign(self) -> bool:
        return self.stack.open[-1].mode is Mode.FOREIGN

    def read_text(self, source: bytes, start: int, end: int) -> None:
        """Text where only white space leaves things as they are; anything else begins the body."""
        space = _SPACE.match(source, start, end)
        if space is None or space.end() == end:
            return
        if source[space.end()] == 0x26:
            raise GiveUp("text before the body")  # a character reference for white space counts as such
        if self.stack.open[-1].mode is Mode.IN_COLUMN_GROUP:
            self.stack.pop()
        else:
            self._begin_body()

    def read_doctype(self, source: bytes) -> None:
        stack = self.stack
        if stack.open[-1].mode is Mode.BEFORE_HTML and len(stack.open) == 1 and stack.is_quirky is True:
            stack.is_quirky = False if _NO_QUIRKS.match(source) else None

    def start(self, element: Element) -> bool:
        """A start tag. True if it began an HTML element, whose content may be text."""
        stack, mode = self.stack, self.stack.open[-1].mode
        if mode is Mode.IN_BODY:
            START[element.tag.starts](stack, element)
            return True
        if mode in _TABLE_MODES:
            if mode is Mode.IN_CELL or mode is Mode.IN_CAPTION:
                self._start_in_cell(element)
            else:
                start_in_table(stack, element)
            return True
        if mode is Mode.IN_SELECT:
            start_in_select(stack, element)
            return True
        if mode is Mode.FOREIGN:
            self._start_foreign(element)
            return False
        if mode is Mode.IN_TEMPLATE:
            return self._template.start(element)
        return self._start_before_body(element)

    def _start_in_cell(self, element: Element) -> None:
        if element.tag.starts == "ignored":
            start_in_table(self.stack, element)
        else:
            START[element.tag.starts](self.stack, element)

    def _start_foreign(self, element: Element) -> None:
        stack = self.stack
        name = element.tag.name
        if stack.open[-1].tag.name in INTEGRATION_POINTS or name in BREAKS_OUT or name == b"foreignobject":
            raise GiveUp("HTML in foreign content")
        element.tag = Tag(name, mode=Mode.FOREIGN)
        if element.is_self_closing:
            stack.place(element)
        else:
            stack.push(element)

    def _start_before_body(self, element: Element) -> bool:
        stack, tag = self.stack, element.tag
        while True:
            mode = stack.open[-1].mode
            if mode is Mode.BEFORE_HTML:
                if tag.name == b"html":
                    stack.push(element)
                    return True
                stack.imply(KNOWN[b"html"], Stack.push)
            elif tag.name == b"html":
                raise GiveUp("doubled html")
            elif mode is Mode.BEFORE_HEAD:
                if tag.name == b"head":
                    stack.push(element)
                    return True
                stack.imply(KNOWN[b"head"], Stack.push)
            elif mode is Mode.IN_HEAD_NOSCRIPT:
                if tag.name not in _IN_HEAD_NOSCRIPT:
                    raise GiveUp("noscript in the head")
                stack.place(element)
                return True
            elif tag.name == b"head":
                return False
            elif mode is Mode.IN_HEAD:
                if self._start_in_head(element):
                    return True
                self._end_head()
            elif tag.name == b"body":
                stack.push(element)
                return True
            elif tag.name == b"frameset":
                raise GiveUp("frameset")
            elif tag.starts in ("head", "template"):
                self._start_behind_head(element)
                return True
            else:
                self._begin_body()
                START[tag.starts](stack, element)
                return True

    def _start_in_head(self, element: Element) -> bool:
        stack, tag = self.stack, element.tag
        if tag.starts == "head":
            stack.place(element)
        elif tag.starts == "template":
            stack.push(element)
        elif tag.starts == "noscript":
            stack.push(element)
            element.mode, element.in_noscript = Mode.IN_HEAD_NOSCRIPT, True
        else:
            return False
        return True

    def _start_behind_head(self, element: Element) -> None:
        """What belongs into the head is put there, although it is closed."""
        opened, head = self.stack.open, self._head
        opened.append(head)
        START[element.tag.starts](self.stack, element)
        opened.remove(head)
        element.is_elsewhere = True

    def _end_head(self) -> None:
        self._head = self.stack.pop()
        self.stack.open[-1].mode = Mode.AFTER_HEAD

    def _begin_body(self) -> None:
        """Imply all that stands before the body, and the body itself."""
        stack = self.stack
        while True:
            match stack.open[-1].mode:
                case Mode.BEFORE_HTML:
                    stack.imply(KNOWN[b"html"], Stack.push)
                case Mode.BEFORE_HEAD:
                    stack.imply(KNOWN[b"head"], Stack.push)
                case Mode.IN_HEAD:
                    self._end_head()
                case Mode.IN_HEAD_NOSCRIPT:
                    raise GiveUp("noscript in the head")
                case _:
                    stack.imply(KNOWN[b"body"], Stack.push)
                    return

    def end(self, tag: Tag) -> None:
        """An end tag."""
        stack, top = self.stack, self.stack.open[-1]
        mode = top.mode
        if top.tag is tag and tag.is_closed_by_own and (tag.is_special or not stack.is_tangled):
            stack.pop(is_closed=True)
            return
        if mode is Mode.IN_BODY:
            END[tag.ends](stack, tag)
        elif mode in _TABLE_MODES:
            end_in_table(stack, tag)
        elif mode is Mode.IN_SELECT:
            end_in_select(stack, tag)
        elif mode is Mode.FOREIGN:
            self._end_foreign(tag.name)
        elif mode is Mode.IN_TEMPLATE:
            self._template.end(tag)
        elif mode is Mode.IN_HEAD_NOSCRIPT:
            if tag.name == b"noscript":
                stack.pop(is_closed=True)
            elif tag.name == b"br":
                raise GiveUp("noscript in the head")
        elif mode is Mode.IN_HEAD and tag.name == b"head":
            self._end_head()
        elif tag.name in _ENDS_OF_HEAD and not (mode is Mode.AFTER_HEAD and tag.name == b"head"):
            self._end_before_body(tag, mode)

    def _end_before_body(self, tag: Tag, mode: str) -> None:
        if tag.name == b"head":
            if mode is Mode.BEFORE_HTML:
                self.stack.imply(KNOWN[b"html"], Stack.push)
            self.stack.imply(KNOWN[b"head"], Stack.push)
            self._end_head()
        else:
            self._begin_body()
            END[tag.ends](self.stack, tag)

    def _end_foreign(self, name: bytes) -> None:
        stack = self.stack
        for index in range(len(stack.open) - 1, 0, -1):
            if stack.open[index].mode is not Mode.FOREIGN:
                break
            if stack.open[index].tag.name == name:
                stack.pop_to(index)
                return
        raise GiveUp("HTML in foreign content")
