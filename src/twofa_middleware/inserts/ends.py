"""The rules for end tags in "in body" (https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody).

END leads from the rule's name in ``elements.py`` to the rule.
"""

from __future__ import annotations

from collections.abc import Callable

from .closing import adopt, close_p, index_of_formatting
from .elements import HEADINGS, IMPLIED_ENDS, Tag
from .stack import GiveUp, Stack

_LIST_SCOPE = frozenset({b"ol", b"ul"})


def _end_block(stack: Stack, tag: Tag) -> None:
    if stack.open[-1].tag is tag:
        stack.pop()
        return
    index = stack.index_of(tag.name)
    if index:
        stack.pop_to(index)


def _end_p(stack: Stack, tag: Tag) -> None:
    if stack.open[-1].has_p:
        close_p(stack)
    else:
        stack.imply(tag, Stack.place)


def _end_br(stack: Stack, tag: Tag) -> None:
    stack.imply(tag, Stack.place)


def _end_item(stack: Stack, tag: Tag) -> None:
    index = stack.index_of(tag.name, _LIST_SCOPE)
    if index:
        stack.pop_to(index)


def _end_heading(stack: Stack, tag: Tag) -> None:
    if stack.open[-1].tag.name in HEADINGS:
        stack.pop()
        return
    index = max(stack.index_of(name) for name in HEADINGS)
    if index:
        stack.pop_to(index)


def _end_form(stack: Stack, tag: Tag) -> None:
    form, stack.form = stack.form, None
    if form is None:
        return
    index = stack.index_of(b"form")
    if not index:
        return
    if stack.open[index].form is not form:
        raise GiveUp("misnested form")
    if all(element.tag.name in IMPLIED_ENDS for element in stack.open[index + 1 :]):
        stack.pop_to(index)
    else:
        # What is open in the form stays in it, although the form is closed; the levels above it are not told of this.
        raise GiveUp("misnested form")


def _end_formatting(stack: Stack, tag: Tag) -> None:
    if stack.is_tangled:
        return
    if stack.open[-1].tag is tag:
        stack.pop(is_closed=True)
        return
    index = index_of_formatting(stack, tag.name)
    if index and not any(element.tag.is_scope for element in stack.open[index + 1 :]):
        adopt(stack, index)


def _end_object(stack: Stack, tag: Tag) -> None:
    index = stack.index_of(tag.name)
    if index:
        stack.pop_to(index + 1)
        stack.pop(is_closed=True)


def _end_noscript(stack: Stack, tag: Tag) -> None:
    if stack.open[-1].tag is tag:
        stack.pop(is_closed=True)
    elif stack.open[-1].in_noscript:
        raise GiveUp("noscript")


def _end_ordinary(stack: Stack, tag: Tag) -> None:
    if stack.is_tangled:
        return
    for index in range(len(stack.open) - 1, 0, -1):
        found = stack.open[index].tag
        if found.name == tag.name:
            stack.pop_to(index)
            return
        if found.is_special:
            return


def _end_body(stack: Stack, tag: Tag) -> None:
    """The body stays open for what comes late; but what stands last in it stands here."""
    body = stack.open[-1]
    if body.tag is tag and body.spots is not None:
        stack.ended.append((body, len(stack.open) - 1, stack.is_tangled))


def _end_ignored(stack: Stack, tag: Tag) -> None:
    pass


END: dict[str, Callable[[Stack, Tag], None]] = {
    "ordinary": _end_ordinary,
    "block": _end_block,
    "p": _end_p,
    "br": _end_br,
    "body": _end_body,
    "item": _end_item,
    "description": _end_block,
    "heading": _end_heading,
    "form": _end_form,
    "formatting": _end_formatting,
    "object": _end_object,
    "noscript": _end_noscript,
    "template": _end_ignored,
    "ignored": _end_ignored,
}
