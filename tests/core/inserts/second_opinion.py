"""What selectolax, a parser that builds the whole tree, says of the same page."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from twofa_middleware.inserts.selector import Selector
from twofa_middleware.inserts.splicer import Gap, Position, Splicer, Spot
from twofa_middleware.inserts.tokens import TOKEN

SELECTORS = (
    "p", ".x", "#m", "div p", "div > p", "table td", "tr > td.x", "ul > li", "b i", "a .x", "form input", "form > p",
    "[data-k]", "[data-k=v]", "p.x", "body > div", "body div .x", "span", "li a", "td", "tbody", "tr", "select option",
    "title", "input[name=u]", "div b", "b > i", "b div", "font td", "td > p", "li > p", "h1", "a", "option", "br",
    "div", "head > link", "style", "dd", "form .x", "div div", "td a", "template", "svg .x", "span > p", "i .x", "button",
)  # fmt: skip

_ANY_START = re.compile(rb"<[A-Za-z][^\t\n\f\r />]*")
_CANNOT_BE_MARKED = re.compile(rb"<[A-Za-z][^\t\n\f\r />]*[\t\n\f\r /]*=")
_MARK = re.compile(r' data-n="[0-9]+"| data-n=[0-9]+ ')
_IMAGE = re.compile(rb"<image(?=[\t\n\f\r />])", re.IGNORECASE)
_END_OF_BODY = re.compile(rb"</(?:body|html)", re.IGNORECASE)  # comments behind it go elsewhere than all else
_LATE_CHANGE = re.compile(rb"<(?:html|body|frameset)", re.IGNORECASE)


def found_by_us(document: bytes, selectors: tuple[str, ...] = SELECTORS) -> dict[str, int]:
    """Where the first match of each selector begins."""
    splicer = Splicer([Spot(Selector.parse(selector), "before") for selector in selectors], limit_bytes=10**9)
    found, at = {}, 0
    for piece in (*splicer.feed(document), *splicer.close()):
        if isinstance(piece, Gap):
            found[selectors[piece.spot]] = at
        else:
            at += len(piece)
    return found


def differences(document: bytes) -> list[str]:
    """Every selector whose first match is another one than selectolax's."""
    found = found_by_us(document)
    if not found or _CANNOT_BE_MARKED.search(document):
        return []
    wrong = []
    whole = _Marked(document)
    for selector, at in found.items():
        token = TOKEN.match(document, at)
        assert token is not None
        if _is_odd(token[1]):
            continue
        # What comes late can change what is long on its way: <body> gets attributes, <frameset> takes all away, and
        # elements that no tag begins are put before a table. Up to the match, both have to agree on everything.
        until_match = _Marked(document[: token.end()])
        theirs = until_match.firsts(selector)
        if at in theirs and not _LATE_CHANGE.search(document, token.end()):
            theirs = whole.firsts(selector, minds_implied=False)
        if not theirs & {at, "odd"}:
            wrong.append(f"{selector}: {at}, selectolax {theirs}")
    return wrong


class _Marked:
    """A copy of a document in which whatever looks like a start tag carries its offset."""

    def __init__(self, document: bytes) -> None:
        if document.startswith(b"\xef\xbb\xbf"):  # decoders take it off, parsers do not
            document = b"   " + document[3:]
        document = _IMAGE.sub(b"<img  ", document)  # which selectolax loses in a table
        self._tree = LexborHTMLParser(_ANY_START.sub(_with_mark, document))
        # In <p title=<p//class=x>, a mark would end the value that it is put into.
        self.is_the_same_page = _MARK.sub("", self._tree.html or "") == (LexborHTMLParser(document).html or "")

    def firsts(self, selector: str, *, minds_implied: bool = True) -> set[int | str]:
        """Where the first match begins in the source: the first of the tree, and the first of the source.

        They differ where an element is put before a table that its tag stands in, and where a formatting element is
        copied to behind another match. "implied": one that has no tag comes before them.
        """
        if not self.is_the_same_page:
            return {"odd"}
        marks: list[int] = []
        for node in self._tree.css(selector):
            value = node.attributes.get("data-n") or ""
            if node.tag is None or _is_odd(node.tag.encode()):
                return {"odd"}
            if value.isdigit():
                marks.append(int(value))
            elif not marks and minds_implied:
                return {"implied"}
        return {marks[0], min(marks)} if marks else set()


def _with_mark(start: re.Match[bytes]) -> bytes:
    return start[0] if _is_odd(start[0][1:]) else b"%s data-n=%d " % (start[0], start.start())


def _is_odd(name: bytes) -> bool:
    """In <script><s</script>, <!--<s--> and <![CDATA[<s]]>, a mark would go into what ends them."""
    return any(character in name for character in b"<-]")


def misplaced(document: bytes, selectors: tuple[str, ...] = SELECTORS) -> list[str]:
    """Every gap that is not where its position says, as a comment put into it shows."""
    if _CANNOT_BE_MARKED.search(document) or _END_OF_BODY.search(document):
        return []
    positions: tuple[Position, ...] = ("before", "prepend", "append", "after")
    pairs = [(selector, position) for selector in selectors for position in positions]
    splicer = Splicer([Spot(Selector.parse(selector), position) for selector, position in pairs], limit_bytes=10**9)
    starts: dict[str, int] = {}
    gaps: dict[tuple[int, int, str], str] = {}
    at = 0
    for piece in (*splicer.feed(document), *splicer.close()):
        if isinstance(piece, Gap):
            selector, position = pairs[piece.spot]
            if position == "before":
                starts[selector] = at
            elif selector in starts:
                gaps[starts[selector], at, position] = selector
        else:
            at += len(piece)
    return [
        f"{selector} ({position}): {at}"
        for (start, at, position), selector in gaps.items()
        if not _stands(document, start, at, position)
    ]


def _stands(document: bytes, start: int, at: int, position: str) -> bool:
    # What comes behind the place can move things again: it is judged as the browser sees it up to there.
    token = TOKEN.match(document, start)
    assert token is not None
    if _is_odd(token[1]) or not _Marked(document[:at]).is_the_same_page:
        return True
    document = _IMAGE.sub(b"<img  ", document).replace(b"\xef\xbb\xbf", b"   ")[:at]
    tree = LexborHTMLParser(_ANY_START.sub(_with_mark, document) + b"<!--gap-->")
    node = tree.css_first(f"[data-n='{start}']")
    if node is None:
        return False
    neighbour = {"prepend": node.child, "append": node.last_child, "after": node.next}[position]
    return neighbour is not None and neighbour.html == "<!--gap-->"
