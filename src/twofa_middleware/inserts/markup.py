"""Goes over an HTML page, tag by tag, as far as its bytes are here."""

from __future__ import annotations

import re
from functools import lru_cache

from .elements import KNOWN, tag_of
from .fields import FormFields
from .plan import Plan
from .search import Search
from .stack import Element, GiveUp
from .tokens import CDATA, COMMENT, INCOMPLETE, START_TAG, TOKEN
from .tree import MINDS_TEXT, Tree

# https://html.spec.whatwg.org/multipage/parsing.html#script-data-state and, behind "<!--", its escaped and double
# escaped states.
_SCRIPT = re.compile(rb"(<!--)|</script(?=[\t\n\f\r />])", re.IGNORECASE)
_ESCAPED = re.compile(rb"(-->)|(<script)(?=[\t\n\f\r />])|</script(?=[\t\n\f\r />])", re.IGNORECASE)
_DOUBLE_ESCAPED = re.compile(rb"(-->)|(</script)(?=[\t\n\f\r />])", re.IGNORECASE)
_LONGEST_CUT = len(b"</noscript") + 1


@lru_cache(maxsize=64)
def _end_of(name: bytes, is_in_noscript: bool) -> re.Pattern[bytes]:
    # With scripting, all of a noscript is raw text and ends at the first end tag in it, wherever that stands.
    names = name + rb"|noscript" if is_in_noscript else name
    return re.compile(rb"</(?:" + names + rb")(?=[\t\n\f\r />])", re.IGNORECASE)


class MarkupScanner:
    """Follows the page in ``scan``; ``search`` has the places found.

    ``is_starved``: what follows cannot be read yet, since it is not all here.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tree = Tree(plan)
        self._fields = FormFields(plan) if plan.fields else None
        self._text: Element | None = None
        self._is_text_over = False
        self._script = _SCRIPT
        self.search = Search(plan, self._tree.stack)
        self.is_starved = False

    def scan(self, data: bytes, at: int, end: int, pause: int) -> int:
        """Go on from ``at`` until something was found, ``pause`` is passed, or ``end`` is near; say where that is.
        GiveUp says why the page cannot be followed any further."""
        self.is_starved = False
        tree, plan, find = self._tree, self._plan, TOKEN.search
        stack = tree.stack
        opened = stack.open
        named, has_unnamed = plan.named, bool(plan.unnamed)
        start = at
        while at < pause:
            if self._text is not None and not self._is_text_over:
                at = self._read_raw(self._text, data, at, end)
                if not self._is_text_over:
                    return at
            token = find(data, at, end)
            start = end if token is None else token.start()
            if start > at and opened[-1].mode in MINDS_TEXT:
                tree.read_text(data, at, start)
            if self._fields is not None and self._fields.is_reading:
                self._fields.read(data[at:start])
            if token is None or token.lastindex == INCOMPLETE:
                self.is_starved = True
                break
            at, kind, depth, end_tag = token.end(), token.lastindex, len(opened), None
            if opened[-1].in_noscript and b"</noscript" in token[0][2:].lower():
                raise GiveUp("noscript")
            if kind == START_TAG:
                name, source, slash = token.group(1, 2, 3)
                tag = KNOWN.get(name) or tag_of(name)
                mask = plan.mask(tag.name, source) if tag.name in named or (source and has_unnamed) else 0
                element = Element(tag, source, mask, slash[-1:] == b"/")
                if tree.start(element):
                    if self._fields is not None:
                        self._fields.start(element, stack)
                    if tag.text:
                        self._begin_text(element)
            elif kind == COMMENT:
                at = self._read_declaration(data, start, at, end)
                if self.is_starved:
                    break
                continue
            else:
                name = token[4]
                tag = KNOWN.get(name) or tag_of(name)
                end_tag = tag.name
                if self._fields is not None:
                    self._fields.end()
                if self._is_text_over:
                    self._end_text(depth)
                else:
                    tree.end(tag)
            if stack.matched or stack.ended:
                self.search.take(start, at, end_tag, depth)
                return at
        else:
            return at
        return start

    def _read_declaration(self, data: bytes, start: int, at: int, end: int) -> int:
        """A comment, a doctype, or CDATA: where it ends."""
        if self._tree.is_foreign and data.startswith(b"<![CDATA[", start):
            section = CDATA.match(data, start, end)
            if section is None:
                self.is_starved = True
                return start
            return section.end()
        if data[start + 2 : start + 9].lower() == b"doctype":
            self._tree.read_doctype(data[start:at])
        return at

    def _begin_text(self, element: Element) -> None:
        if element.tag.text == "plaintext":
            raise GiveUp("plaintext")
        if element.tag.text == "script" and self._tree.stack.open[-1].in_noscript:
            raise GiveUp("noscript")
        self._text = element

    def _end_text(self, depth: int) -> None:
        element, self._text, self._is_text_over = self._text, None, False
        if element is not None and element.spots is not None:
            self._tree.stack.ended.append((element, depth, self._tree.stack.is_tangled))

    def _read_raw(self, element: Element, data: bytes, at: int, end: int) -> int:
        """Text that is no markup, up to its end tag if that is here."""
        begin = at
        while True:
            if element.tag.text == "script":
                found = self._script.search(data, at, end)
            else:
                found = _end_of(element.tag.name, self._tree.stack.open[-1].in_noscript).search(data, at, end)
            if found is None:
                self.is_starved = True
                # An end that is cut in two is at most so long; the rest can go.
                at = max(at, end - _LONGEST_CUT)
                break
            if found.lastindex is None:
                if element.tag.text == "raw" and found[0].lower() == b"</noscript":
                    raise GiveUp("noscript")
                self._is_text_over = True
                at = found.start()
                break
            at = self._turn_script(found)
        if self._fields is not None and self._fields.is_reading:
            self._fields.read(data[begin:at])
        return at

    def _turn_script(self, found: re.Match[bytes]) -> int:
        """Change between the states of script data; say where to go on."""
        if self._script is _SCRIPT:
            self._script = _ESCAPED
            return found.start() + 2  # the dashes can be those of "-->" as well
        if found.lastindex == 1:
            self._script = _SCRIPT
        else:
            self._script = _DOUBLE_ESCAPED if self._script is _ESCAPED else _ESCAPED
        return found.end()
