"""What the HTML standard says of each element, as data (https://html.spec.whatwg.org/multipage/parsing.html).

``starts`` and ``ends`` name the rule of "in body" that a start or an end tag comes under; the rules are in
``starts.py`` and ``ends.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal


class Mode:
    """Insertion modes. Those that the stack of open elements tells of itself are kept with each element on it.

    No Enum: they are looked up for every tag, and the hash of a text is at hand."""

    BEFORE_HTML: Final = "before html"
    BEFORE_HEAD: Final = "before head"
    IN_HEAD: Final = "in head"
    IN_HEAD_NOSCRIPT: Final = "in head noscript"
    AFTER_HEAD: Final = "after head"
    IN_BODY: Final = "in body"
    IN_TABLE: Final = "in table"
    IN_CAPTION: Final = "in caption"
    IN_COLUMN_GROUP: Final = "in column group"
    IN_TABLE_BODY: Final = "in table body"
    IN_ROW: Final = "in row"
    IN_CELL: Final = "in cell"
    IN_SELECT: Final = "in select"
    IN_TEMPLATE: Final = "in template"
    FOREIGN: Final = "foreign content"


Text = Literal["", "raw", "script", "plaintext"]


@dataclass(frozen=True, slots=True, eq=False)
class Tag:
    """An element's name and what follows from it.

    ``text``: its content is no markup. ``is_scope``: "has an element in scope" looks no further. ``is_marker``: it
    begins a new part of the list of active formatting elements. ``mode``: the insertion mode inside of it, None for
    that around.
    ``is_closed_by_own``: as the current node, it is closed by its own end tag in whatever mode, and no more happens.
    """

    name: bytes
    starts: str = "ordinary"
    ends: str = "ordinary"
    is_special: bool = False
    is_scope: bool = False
    is_marker: bool = False
    is_void: bool = False
    text: Text = ""
    mode: str | None = None

    is_formatting: bool = field(init=False)
    is_closed_by_own: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_formatting", self.ends == "formatting")
        object.__setattr__(self, "is_closed_by_own", self.name not in _END_OTHERWISE)


_END_OTHERWISE = frozenset({b"html", b"head", b"body", b"form", b"template"})


def _words(text: str) -> list[bytes]:
    return text.encode().split()


def _all() -> dict[bytes, Tag]:
    tags = [Tag(name, "block", "block", is_special=True) for name in _words(
        "address article aside blockquote center details dir div dl fieldset figcaption figure footer header hgroup"
        " main menu nav ol search section summary ul pre listing"
    )]  # fmt: skip
    tags += [Tag(name, "heading", "heading", is_special=True) for name in _words("h1 h2 h3 h4 h5 h6")]
    tags += [
        Tag(name, "formatting", "formatting") for name in _words("b big code em font i s small strike strong tt u")
    ]
    tags += [Tag(name, name.decode(), "formatting") for name in _words("a nobr")]
    tags += [Tag(name, "void", "ignored", is_special=True, is_void=True) for name in _words(
        "area embed img keygen wbr param source track input"
    )]  # fmt: skip
    tags += [Tag(name, "head", "ignored", is_special=True, is_void=True) for name in _words(
        "base basefont bgsound link meta"
    )]  # fmt: skip
    tags += [Tag(name, "head", "ignored", is_special=True, text="raw") for name in _words("title style noframes")]
    tags += [Tag(name, "raw", "ignored", is_special=True, text="raw") for name in _words("textarea iframe noembed")]
    tags += [Tag(name, "object", "object", is_special=True, is_scope=True, is_marker=True) for name in _words(
        "applet marquee object"
    )]  # fmt: skip
    tags += [Tag(name, "ruby", "ordinary") for name in _words("rb rp rt rtc")]
    tags += [Tag(name, "option", "ordinary") for name in _words("option optgroup")]
    tags += [Tag(name, "foreign", "ordinary", mode=Mode.FOREIGN) for name in _words("svg math")]
    tags += [Tag(name, "description", "description", is_special=True) for name in _words("dd dt")]
    tags += [
        Tag(b"br", "void", "br", is_special=True, is_void=True),
        Tag(b"hr", "rule", "ignored", is_special=True, is_void=True),
        Tag(b"p", "block", "p", is_special=True),
        Tag(b"li", "item", "item", is_special=True),
        Tag(b"form", "form", "form", is_special=True),
        Tag(b"button", "button", "block", is_special=True),
        Tag(b"dialog", "dialog", "block"),
        Tag(b"plaintext", "block", "ignored", is_special=True, text="plaintext"),
        Tag(b"xmp", "xmp", "ignored", is_special=True, text="raw"),
        Tag(b"script", "head", "ignored", is_special=True, text="script"),
        Tag(b"template", "template", "template", is_special=True, is_scope=True, mode=Mode.IN_TEMPLATE),
        Tag(b"noscript", "noscript", "noscript", is_special=True),
        Tag(b"select", "select", "block", is_special=True, is_scope=True, mode=Mode.IN_SELECT),
        Tag(b"html", "doubled", "ignored", is_special=True, is_scope=True, mode=Mode.BEFORE_HEAD),
        Tag(b"head", "ignored", "ignored", is_special=True, mode=Mode.IN_HEAD),
        Tag(b"body", "doubled", "body", is_special=True, mode=Mode.IN_BODY),
        Tag(b"frameset", "doubled", "ignored", is_special=True),
        Tag(b"frame", "ignored", "ignored", is_special=True),
        Tag(b"table", "table", "ignored", is_special=True, is_scope=True, mode=Mode.IN_TABLE),
        Tag(b"caption", "ignored", "ignored", True, is_scope=True, is_marker=True, mode=Mode.IN_CAPTION),
        Tag(b"colgroup", "ignored", "ignored", is_special=True, mode=Mode.IN_COLUMN_GROUP),
        Tag(b"col", "ignored", "ignored", is_special=True, is_void=True),
        Tag(b"tr", "ignored", "ignored", is_special=True, mode=Mode.IN_ROW),
    ]
    tags += [Tag(name, "ignored", "ignored", is_special=True, mode=Mode.IN_TABLE_BODY) for name in _words(
        "tbody tfoot thead"
    )]  # fmt: skip
    tags += [Tag(name, "ignored", "ignored", True, is_scope=True, is_marker=True, mode=Mode.IN_CELL) for name in _words(
        "td th"
    )]  # fmt: skip
    known = {tag.name: tag for tag in tags}
    known[b"image"] = known[b"img"]  # "Don't ask."
    return known


KNOWN = _all()

CELLS = frozenset(_words("td th"))
TABLE_BODIES = frozenset(_words("tbody tfoot thead"))
TABLE_PARTS = frozenset(_words("caption colgroup col tbody tfoot thead tr td th"))
FOSTERING = frozenset(_words("table tbody tfoot thead tr"))
"""What comes into one of these and is no part of a table is put before the table instead (foster parenting)."""

IMPLIED_ENDS = frozenset(_words("dd dt li optgroup option p rb rp rt rtc"))
HEADINGS = frozenset(_words("h1 h2 h3 h4 h5 h6"))
INTEGRATION_POINTS = frozenset(_words("foreignobject desc title mi mo mn ms mtext annotation-xml"))
BREAKS_OUT = frozenset(
    _words(
        "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu"
        " meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var font"
    )
)
"""Start tags that end foreign content (``font`` does with some attributes)."""


def tag_of(name: bytes) -> Tag:
    known = KNOWN.get(name)
    if known is not None:
        return known
    name = name.lower().replace(b"\0", b"\xef\xbf\xbd")
    return KNOWN.get(name) or Tag(name)
