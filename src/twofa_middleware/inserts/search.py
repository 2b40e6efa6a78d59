"""What became of each spot, and the places found in the bytes at hand."""

from __future__ import annotations

from typing import NamedTuple

from .elements import Mode
from .plan import Plan, Position
from .stack import Element, Stack

LOOKED_FOR, FOUND, NOT_FOUND, LIMIT = "looked for", "found", "not found", "limit reached"

_ROOTS = frozenset({b"html", b"head", b"body"})


class Place(NamedTuple):
    """Where to put something: the offset in the bytes at hand, the spot, and the element."""

    at: int
    spot: int
    element: Element


def _has_place(element: Element, position: Position) -> bool:
    """Whether something put there would stand there: not in text, nor where browsers move it from."""
    tag = element.tag
    if position in ("prepend", "append"):
        return not (tag.is_void or tag.text or tag.mode is Mode.IN_TEMPLATE or tag.name == b"html")
    return tag.name not in _ROOTS and not (position == "after" and element.is_elsewhere)


class Search:
    """Turns what the stack tells of elements into places, and keeps the outcome of each spot."""

    def __init__(self, plan: Plan, stack: Stack) -> None:
        self._plan = plan
        self._stack = stack
        self.places: list[Place] = []
        self.outcomes = [LOOKED_FOR] * len(plan.spots)
        self._awaited = 0  # elements whose end is a place

    @property
    def bases(self) -> list[bytes]:
        """The attributes of the elements "base" so far."""
        return self._stack.bases

    @property
    def is_over(self) -> bool:
        return not self._stack.subjects and not self._awaited

    def give_up(self, why: str) -> None:
        """End the search for all spots that have no place yet."""
        self.outcomes = [why if outcome == LOOKED_FOR else outcome for outcome in self.outcomes]
        self._stack.subjects = self._awaited = 0
        self._stack.matched.clear()

    def take(self, start: int, end: int, end_tag: bytes | None, depth: int) -> None:
        """Look at what the token from ``start`` to ``end`` did. ``depth``: how many elements were open before it."""
        stack = self._stack
        for ended, index, was_tangled in stack.ended:
            self._ended(ended, index, was_tangled or ended.is_elsewhere, start, end, end_tag, depth)
        for spot, element in stack.matched:
            self._matched(spot, element, start, end)
        stack.ended.clear()
        stack.matched.clear()
        self.places.sort(key=lambda place: place.at)

    def _matched(self, spot: int, element: Element | None, start: int, end: int) -> None:
        if not self._stack.subjects & self._bit(spot):
            return
        if element is None:
            self._miss(spot, "structure in doubt")
            self._stack.subjects &= ~self._bit(spot)
            return
        if element.form is None:
            element.form = self._stack.form
        position = self._plan.spots[spot].position
        if not _has_place(element, position):
            self._miss(spot, "no place there")
        elif position == "before":
            self._put(start, spot, element)
        elif position == "prepend" or (position == "after" and element.tag.is_void):
            self._put(end, spot, element)
        else:
            if element.spots is None:
                element.spots = []
            element.spots.append(spot)
            self._awaited += 1
        self._close(spot)

    def _put(self, at: int, spot: int, element: Element) -> None:
        self.places.append(Place(at, spot, element))
        self.outcomes[spot] = FOUND

    def _ended(
        self, element: Element, index: int, is_doubtful: bool, start: int, end: int, end_tag: bytes | None, depth: int
    ) -> None:
        for spot in element.spots or ():
            self._awaited -= 1
            if self._plan.spots[spot].position == "append":
                at = start if depth == index + 1 else None
            else:
                at = end if end_tag == element.tag.name and len(self._stack.open) == index else None
            if at is not None and not is_doubtful:
                self._put(at, spot, element)
            else:
                self._miss(spot, "end in doubt")
        element.spots = None

    def finish(self) -> None:
        """The page has ended."""
        for spot, outcome in enumerate(self.outcomes):
            if outcome == LOOKED_FOR:
                is_open = self._stack.subjects & self._bit(spot)
                self.outcomes[spot] = NOT_FOUND if is_open else "gave up: end not seen"

    def _bit(self, spot: int) -> int:
        return self._plan.subject_of[spot]

    def _close(self, spot: int) -> None:
        if not self._plan.spots[spot].is_every:
            self._stack.subjects &= ~self._bit(spot)

    def _miss(self, spot: int, why: str) -> None:
        if self.outcomes[spot] == LOOKED_FOR:
            self.outcomes[spot] = f"gave up: {why}"
