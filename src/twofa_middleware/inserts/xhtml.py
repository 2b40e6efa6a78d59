"""Goes over a page that is served as XML (XML 1.0, §2 and §3): what is not well-formed ends the search."""

from __future__ import annotations

import re

from .elements import KNOWN, Mode, Tag
from .fields import FormFields
from .plan import Plan
from .search import Search
from .stack import Element, Form, GiveUp, Stack
from .tokens import read_attributes

_XHTML = "http://www.w3.org/1999/xhtml"
_NAME = rb"[A-Za-z_:\x80-\xff][A-Za-z0-9_:.\x80-\xff-]*+"
_PAIR = rb"[\t\n\r ]++" + _NAME + rb"""[\t\n\r ]*+=[\t\n\r ]*+(?:"[^"<]*+"|'[^'<]*+')"""
_TOKEN = re.compile(
    rb"<(?:(" + _NAME + rb")((?:" + _PAIR + rb")*+)[\t\n\r ]*+(/?)>"
    rb"|/(" + _NAME + rb")[\t\n\r ]*+>"
    rb"|(!--.*?-->|\?.*?\?>|!\[CDATA\[.*?\]\]>|!DOCTYPE[^>\[]*+>)|())",
    re.DOTALL,
)
_START_TAG, _END_TAG, _OTHER = 3, 4, 5
# What the bytes at hand can end with although nothing is wrong.
_CUT = re.compile(
    rb"<(?:\Z|" + _NAME + rb"(?:" + _PAIR + rb")*+(?:[\t\n\r ]++(?:" + _NAME + rb"(?:[\t\n\r ]*+\Z"
    rb"""|[\t\n\r ]*+=[\t\n\r ]*+(?:\Z|"[^"<]*+\Z|'[^'<]*+\Z)))?+)?+/?\Z"""
    rb"|/(?:" + _NAME + rb"[\t\n\r ]*+)?+\Z|!(?:-?\Z|--)|\?|!(?:\[(?:C(?:D(?:A(?:T(?:A(?:\[|\Z)|\Z)|\Z)|\Z)|\Z)|\Z))"
    rb"|!D(?:OCTYPE[^>\[]*+\Z|[OCTYP]*+\Z))"
)
_ATTRIBUTE = re.compile(rb"[\t\n\r ]++(" + _NAME + rb""")[\t\n\r ]*+=[\t\n\r ]*+("[^"<]*+"|'[^'<]*+')""")
_BARE_AMPERSAND = re.compile(rb"&(?!(?:#[0-9]++|#x[0-9A-Fa-f]++|[A-Za-z][A-Za-z0-9]*+);)")


class XmlScanner:
    """Follows the page in ``scan``, as ``MarkupScanner`` does; ``search`` has the places found."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stack = Stack(plan)
        self._forms: list[Form | None] = []
        self._is_past_root = False
        self._fields = FormFields(plan, is_xml=True) if plan.fields else None
        self.search = Search(plan, self._stack)
        self.is_starved = False

    def scan(self, data: bytes, at: int, end: int, pause: int) -> int:
        """Go on from ``at`` until something was found, ``pause`` is passed, or ``end`` is near; say where that is.
        GiveUp says why the page cannot be followed any further."""
        self.is_starved = False
        while at < pause:
            token = _TOKEN.search(data, at, end)
            start = end if token is None else token.start()
            if self._fields is not None and self._fields.is_reading:
                self._fields.read(data[at:start])
            if token is None or token.lastindex not in (_START_TAG, _END_TAG, _OTHER):
                if token is not None and not _CUT.match(data, start, end):
                    raise GiveUp("not well-formed")
                self.is_starved = True
                return start
            at, depth, end_tag = token.end(), len(self._stack.open), None
            if token.lastindex == _START_TAG:
                self._start(token[1], token[2], bool(token[3]))
            elif token.lastindex == _END_TAG:
                end_tag = token[4]
                self._end(end_tag)
            elif token[5].startswith(b"!--") and b"--" in token[5][3:-2]:
                raise GiveUp("not well-formed")
            elif token[5].startswith(b"![") and self._fields is not None and self._fields.is_reading:
                raise GiveUp("CDATA in a field")
            if self._stack.matched or self._stack.ended:
                self.search.take(start, at, end_tag, depth)
                return at
        return at

    def _start(self, name: bytes, source: bytes, is_closed: bool) -> None:
        stack = self._stack
        parent = stack.open[-1]
        if self._is_past_root:
            raise GiveUp("not well-formed")
        source = _lower_case_only(source)
        tag = self._tag(name, source, parent, is_closed)
        is_hidden = parent.mode is Mode.IN_TEMPLATE
        element = Element(tag, source, 0 if is_hidden else self._plan.mask(tag.name.rpartition(b":")[2], source))
        if tag.name == b"form":
            element.form = Form(element.source)
        if is_closed:
            stack.place(element)
            self._is_past_root = len(stack.open) == 1
        else:
            stack.push(element)
            element.in_noscript = parent.in_noscript or tag.name == b"noscript"
            self._forms.append(stack.form)
            stack.form = element.form or stack.form
        if self._fields is not None:
            self._fields.start(element, stack)

    def _tag(self, name: bytes, source: bytes, parent: Element, is_closed: bool) -> Tag:
        known, mode = KNOWN.get(name), None
        space = read_attributes(source, "latin-1").get("xmlns") if b"xmlns" in source else None
        if b":" in name or space not in (None, _XHTML) or (space is None and len(self._stack.open) == 1):
            mode = Mode.FOREIGN
        elif parent.mode not in (Mode.FOREIGN, Mode.IN_TEMPLATE) and name in (b"select", b"template"):
            mode = Mode.IN_SELECT if name == b"select" else Mode.IN_TEMPLATE
        if known is not None and known.is_void and not is_closed:
            raise GiveUp("void element with content")
        return Tag(name, is_void=is_closed, text=known.text if known is not None else "", mode=mode)

    def _end(self, name: bytes) -> None:
        stack = self._stack
        if len(stack.open) == 1 or stack.open[-1].tag.name != name:
            raise GiveUp("not well-formed")
        if self._fields is not None:
            self._fields.end()
        stack.pop(is_closed=True)
        stack.form = self._forms.pop()
        self._is_past_root = len(stack.open) == 1


def _lower_case_only(source: bytes) -> bytes:
    """The attributes that HTML knows; ``ID`` is another one than ``id`` here."""
    pairs = _ATTRIBUTE.findall(source)
    if len({name for name, _ in pairs}) < len(pairs) or _BARE_AMPERSAND.search(source):
        raise GiveUp("not well-formed")
    if all(name.islower() or name == name.lower() for name, _ in pairs):
        return source
    return b"".join(b" " + name + b"=" + value for name, value in pairs if name == name.lower())
