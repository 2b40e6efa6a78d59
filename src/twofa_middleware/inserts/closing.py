"""What start and end tags have in common: how a paragraph and a formatting element are closed."""

from __future__ import annotations

from .stack import Stack

_BUTTON_SCOPE = frozenset({b"button"})


def close_p(stack: Stack) -> None:
    if stack.open[-1].has_p:
        stack.pop_to(stack.index_of(b"p", _BUTTON_SCOPE))


def index_of_formatting(stack: Stack, name: bytes) -> int:
    """Where an open formatting element stands behind the last marker."""
    for index in range(len(stack.open) - 1, 0, -1):
        tag = stack.open[index].tag
        if tag.name == name:
            return index
        if tag.is_marker:
            return 0
    return 0


def adopt(stack: Stack, index: int) -> None:
    """Close a formatting element ("adoption agency algorithm"), or say that this cannot be followed."""
    if any(element.tag.is_special for element in stack.open[index + 1 :]):
        stack.tangle()
        return
    stack.pop_to(index + 1)
    stack.pop(is_closed=True)
