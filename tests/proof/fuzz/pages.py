"""Pages of an app, with something put into them."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence

from selectolax.lexbor import LexborHTMLParser

from core.inserts.pages import run
from core.inserts.second_opinion import SELECTORS
from core.inserts.test_hostile import PARTS
from twofa_middleware.inserts.selector import Selector
from twofa_middleware.inserts.splicer import Position, Splicer, Spot

POSITIONS: tuple[Position, ...] = ("before", "prepend", "append", "after")
RAW = "script, style, iframe, xmp, noembed, noframes, plaintext, textarea, title"
USUAL = ("p", "div", "td", "li", ".x")
MARK = "ours-8f3k"
SEEDS = (
    "<!doctype html><html><head><title>t</title><style>p{}</style></head><body><div class=x><p id=m>a<b>b</b></div></body></html>",
    "<body><table><tr><td class=x>1<td>2</table><ul><li>a<li>b</ul><select><option>o</select>",
    "<body><form action=/x method=post><input name=u value=1><p>x</p></form><script>'<p>'</script><textarea><p></textarea>",
    "<body><!-- <p> --><svg><p class=x></svg><template><p>t</p></template><noscript><p></noscript><iframe><p></iframe><xmp><p>",
    "<frameset><frame></frameset><noframes><p></noframes>",
    "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p class='x'>a</p><![CDATA[<p>]]></body></html>",
)


class Pages:
    """An input's first byte says how (XHTML, which selectors, how it is cut), the rest is the page. The app's bytes stay as they
    are; it does not matter how they come; what we put in is seen as what it is by a parser that is not ours. Attack 99."""

    name = "pages"
    words = (
        *PARTS,
        *(f"<{name}>".encode() for name in ("body", "html", "head", "plaintext", "xmp", "iframe", "noembed")),
    )

    def seeds(self) -> Sequence[bytes]:
        return [bytes([how]) + page.encode() for how in range(0, 256, 37) for page in SEEDS]

    def __call__(self, data: bytes) -> Hashable:
        how, page = (data or b"\0")[0], data[1:]
        is_xml = how % 8 == 7
        chance = random.Random(how)
        selectors = (chance.choice(USUAL), *chance.sample(SELECTORS, 3))
        pairs = [(selector, chance.choice(POSITIONS)) for selector in selectors]

        def spliced(chunks: Sequence[bytes]) -> tuple[bytes, int, tuple[str, ...]]:
            spots = [Spot(Selector.parse(selector), position, is_every=how % 3 == 0) for selector, position in pairs]
            splicer = Splicer(spots, 4096, is_xml)
            filled, gaps = run(splicer, chunks)
            return filled, len(gaps), splicer.outcomes

        whole, gaps, outcomes = spliced([page])
        cuts = sorted(chance.randrange(len(page) + 1) for _ in range(5))
        pieces = [page[a:b] for a, b in zip([0, *cuts], [*cuts, len(page)], strict=True)]
        assert spliced(pieces) == (whole, gaps, outcomes), "it matters how the page is cut"
        if len(page) < 2000:
            assert spliced([page[at : at + 1] for at in range(len(page))]) == (whole, gaps, outcomes), "byte by byte"
        if not is_xml and b"\0" not in page:
            self._stands(pairs, page, is_every=how % 3 == 0)
        return outcomes, gaps

    def _stands(self, pairs: Sequence[tuple[str, Position]], page: bytes, *, is_every: bool) -> None:
        """Each piece is a comment of its own for a browser: in no script, no style, no text area, no comment, no attribute."""
        spots = [Spot(Selector.parse(selector), position, is_every=is_every) for selector, position in pairs]
        splicer, out, gaps = Splicer(spots, 4096), [], 0
        for piece in (*splicer.feed(page), *splicer.close()):
            gaps += not isinstance(piece, bytes)
            out.append(piece if isinstance(piece, bytes) else f"<!--{MARK}-->".encode())
        tree = LexborHTMLParser(b"".join(out))
        for node in tree.css(RAW):
            assert MARK not in (node.text() or ""), f"a piece is text of <{node.tag}>"
        html = tree.html or ""
        assert html.count(MARK) == html.count(f"<!--{MARK}-->"), "a piece is no comment of its own"

    def settle(self) -> None:
        pass

    def close(self) -> None:
        pass
