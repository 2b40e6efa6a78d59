"""The stack of open elements, and what it says of the places that are looked for.

The tree is not built, so what browsers move later is not known when the place goes by. Each element therefore carries
which beginnings of selectors it completes *for certain*, and whether there is doubt about what stands around it. Where
the certain part does not decide and the doubtful one could, the place is given up.

Formatting elements (``b``, ``a``, ``font`` and so on) are what makes browsers move others: one that is closed by force
is opened again further on, one that is closed around a block is cut in pieces ("adoption agency"). From then on the
level is *tangled*: special elements (``div``, ``table`` …) are still known exactly, all others are not.
"""

from __future__ import annotations

from collections.abc import Callable

from .elements import FOSTERING, Mode, Tag
from .plan import Plan

MOST_OPEN = 256
"""Browsers stop nesting at 512. Bounding the depth bounds the work that one tag can make."""


class GiveUp(Exception):
    """Nothing more can be told of this page; the message says why, in a word or two."""


class Form:
    """A form: its attributes as they stand, its fields with their values (None for one that has several)."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.values: dict[str, str | None] = {}


class Element:
    """An element that a token begins.

    ``is_elsewhere``: it is put where it does not stand in the source, before a table or into the head that is closed.
    ``reached``: the bits of selectors that end in it, for certain; ``around``: those of it and its ancestors;
    ``lends``: those that its children may follow with ``>``; ``seen``: all compounds that it or an ancestor fits.
    ``is_loose``: a formatting element around may yet be closed, and copied between it and its children.
    """

    mode: str = Mode.BEFORE_HTML
    has_p = False
    in_noscript = False
    is_elsewhere = False
    reached = around = lends = seen = 0
    in_doubt = is_loose = False
    spots: list[int] | None = None
    form: Form | None = None

    def __init__(self, tag: Tag, source: bytes, mask: int, is_self_closing: bool = False) -> None:
        self.tag = tag
        self.source = source
        self.mask = mask
        self.is_self_closing = is_self_closing


_DOCUMENT = Tag(b"", is_special=True, is_scope=True)


class Stack:
    """Open elements, the document first. ``matched`` and ``ended`` collect what the last token did to the spots."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.is_combining = plan.is_combining
        self.subjects = plan.subjects  # of spots that are still looked for
        self.open: list[Element] = [Element(_DOCUMENT, b"", 0)]
        self.form: Form | None = None
        self.bases: list[bytes] = []  # the attributes of each element "base", as they stand
        self.is_quirky: bool | None = True  # until a doctype says otherwise; None: not known
        self.is_tangled = False
        self.levels: list[bool] = []
        self.gone = 0  # the bits of elements that may be around although they are not on the stack
        self.is_fostering = False
        self.matched: list[tuple[int, Element | None]] = []
        self.ended: list[tuple[Element, int, bool]] = []
        self._implied: dict[Tag, int] = {}

    def place(self, element: Element) -> None:
        """Find out what the element means for the selectors, as a child of the current node."""
        parent = self.open[-1]
        if element.tag.name == b"base":
            self.bases.append(element.source)
        if self.is_fostering and parent.tag.name in FOSTERING:
            element.is_elsewhere = True
        mask = element.mask
        if self.is_combining:
            is_plain = parent.tag.is_special or not element.tag.is_special
            if mask or self.is_tangled or element.is_elsewhere or parent.in_doubt or not is_plain:
                self._relate(element, parent)
            else:
                element.around, element.seen = parent.around, parent.seen
        elif mask:
            element.reached = mask
        if mask & self.subjects:
            self._judge(element, parent)

    def _relate(self, element: Element, parent: Element) -> None:
        around, lends, tag = parent.around, parent.lends, element.tag
        element.seen = parent.seen | element.mask
        # Nothing gets between a table and its parts.
        is_cut = element.is_elsewhere or (self.is_tangled and parent.tag.name not in FOSTERING)
        is_loose = is_cut or (parent.is_loose and not tag.is_scope)
        can_move = tag.is_special and not (tag.is_scope or tag.is_void or tag.text)
        if is_cut or (parent.is_loose and can_move):
            around, lends = self._certain_around(element), 0
        elif can_move and not parent.tag.is_special:
            lowest = self._lowest_formatting()
            if lowest:
                is_loose, around, lends = True, self.open[lowest - 1].around, 0
        plan, mask = self.plan, element.mask
        element.is_loose = is_loose
        element.in_doubt = is_loose or parent.in_doubt
        reached = mask & (plan.firsts | ((lends << 1) & plan.children) | ((around << 1) & ~plan.children))
        element.reached = reached
        element.around = around | reached
        element.lends = 0 if is_loose and tag.is_special and not tag.is_scope else reached

    def _certain_around(self, element: Element) -> int:
        """The bits of those ancestors that no mending of the tree takes away."""
        index = len(self.open) - 1
        if element.is_elsewhere:
            while self.open[index].tag.name != b"table":
                index -= 1
            index -= 1
        while not self.open[index].tag.is_special and self.open[index].mode is not Mode.FOREIGN:
            index -= 1
        return self.open[index].around

    def _lowest_formatting(self) -> int:
        """Where the first formatting element stands behind the last special one; 0 if there is none."""
        lowest, index = 0, len(self.open) - 1
        while not self.open[index].tag.is_special:
            if self.open[index].tag.is_formatting:
                lowest = index
            index -= 1
        return lowest

    def _judge(self, element: Element, parent: Element, is_real: bool = True) -> None:
        is_known = is_real and parent.mode is not Mode.FOREIGN and not parent.in_noscript
        is_known = is_known and element.tag.mode is not Mode.FOREIGN
        wanted = element.mask & self.subjects
        while wanted:
            bit = wanted & -wanted
            wanted ^= bit
            if element.in_doubt:
                # Mending the tree can put a copy of a formatting element around, and that one would be the first.
                around = parent.seen | self.gone
                needs = self.plan.needs[bit]
                is_sure = element.reached & bit and not around & bit
                is_out = needs & around != needs and not element.tag.is_formatting
            else:
                is_sure = element.reached & bit != 0
                is_out = not is_sure
            if is_sure or not is_out:
                self.matched.append((self.plan.spot_of[bit], element if is_known and is_sure else None))

    def push(self, element: Element) -> None:
        self.place(element)
        parent, tag = self.open[-1], element.tag
        element.mode = tag.mode or parent.mode
        element.has_p = tag.name == b"p" or (parent.has_p and not tag.is_scope and tag.name != b"button")
        if parent.in_noscript:
            element.in_noscript = True
        if tag.is_marker:
            self.levels.append(self.is_tangled)
            self.is_tangled = False
        if len(self.open) > MOST_OPEN:
            raise GiveUp("deep nesting")
        self.open.append(element)

    def push_loose(self, element: Element) -> None:
        """Open an element that is not special: in a tangled level nobody can say when it ends."""
        if self.is_tangled:
            self.place(element)
            self.leave(element)
        else:
            self.push(element)

    def imply(self, tag: Tag, insert: Callable[[Stack, Element], None]) -> None:
        """Insert an element that no tag in the source begins; if it is looked for, its place is nowhere."""
        mask = self._implied.get(tag)
        if mask is None:
            mask = self._implied[tag] = self.plan.mask(tag.name, b"")
        before = len(self.matched)
        insert(self, Element(tag, b"", mask))
        self.matched[before:] = [(spot, None) for spot, _ in self.matched[before:]]

    def pop(self, *, is_closed: bool = False) -> Element:
        """Take the current node off. ``is_closed``: by an end tag of its own, and nothing special was in between."""
        element = self.open.pop()
        tag, was_tangled = element.tag, self.is_tangled
        if tag.is_marker:
            self.is_tangled = self.levels.pop()
            if tag.starts == "object" and not is_closed:  # its marker stays in the list
                raise GiveUp(f"misnested {tag.name.decode()}")
        elif tag.is_formatting and not is_closed:
            self.tangle()
            self.leave(element)
        elif tag.name == b"noscript" and not is_closed:
            raise GiveUp("noscript")
        if element.spots is not None:
            self.ended.append((element, len(self.open), was_tangled))
        return element

    def pop_to(self, index: int) -> None:
        """Take off all that stands at this index and above."""
        while len(self.open) > index:
            self.pop()

    def tangle(self) -> None:
        """From here to the end of the level, only special elements are known."""
        if self.is_tangled:
            return
        self.is_tangled = True
        for element in reversed(self.open):
            if not element.tag.is_special:
                self.leave(element)
                if element.tag.name == b"dialog":  # the one that is not special but closes what stands in it
                    raise GiveUp("dialog")

    def leave(self, element: Element) -> None:
        """An element may be around from now on, although it is not on the stack, as itself or as a copy."""
        self.gone |= element.mask
        if element.tag.is_formatting:
            for bit, spot in self.plan.spot_of.items():
                if element.mask & self.subjects & bit and self.plan.needs[bit]:
                    self.matched.append((spot, None))

    def index_of(self, name: bytes, barriers: frozenset[bytes] = frozenset()) -> int:
        """Where the last element of this name stands that is "in scope"; 0 if there is none."""
        index = len(self.open) - 1
        while True:
            tag = self.open[index].tag
            if tag.name == name and self.open[index].mode is not Mode.FOREIGN:
                return index
            if tag.is_scope or tag.name in barriers:
                return 0
            index -= 1

    def index_in_table(self, names: frozenset[bytes]) -> int:
        """Where the last element of these names stands that is "in table scope"; 0 if there is none."""
        index = len(self.open) - 1
        while index:
            name = self.open[index].tag.name
            if name in names:
                return index
            if name in (b"table", b"template"):
                return 0
            index -= 1
        return 0
