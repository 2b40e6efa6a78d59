"""The rules for start tags in "in body" (https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody).

START leads from the rule's name in ``elements.py`` to the rule. Where browsers of different ages differ, or where the
tree could only be told by building it, a rule raises GiveUp.
"""

from __future__ import annotations

from collections.abc import Callable

from .closing import adopt, close_p, index_of_formatting
from .elements import HEADINGS, IMPLIED_ENDS, Tag
from .stack import Element, Form, GiveUp, Stack

_ITEMS, _DESCRIPTIONS = frozenset({b"li"}), frozenset({b"dd", b"dt"})
_THROUGH = frozenset({b"address", b"div", b"p"})  # a list item closes the last one through these


def _nearest_special(stack: Stack) -> Tag:
    return next(element.tag for element in reversed(stack.open) if element.tag.is_special)


def _block(stack: Stack, element: Element) -> None:
    if stack.open[-1].has_p:
        close_p(stack)
    if element.tag.text:
        stack.place(element)
    else:
        stack.push(element)


def _heading(stack: Stack, element: Element) -> None:
    close_p(stack)
    if stack.is_tangled:
        if _nearest_special(stack).name in HEADINGS:
            raise GiveUp("misnested heading")
    elif stack.open[-1].tag.name in HEADINGS:
        stack.pop()
    stack.push(element)


def _item(stack: Stack, element: Element) -> None:
    _close_open_item(stack, _ITEMS)
    stack.push(element)


def _description(stack: Stack, element: Element) -> None:
    _close_open_item(stack, _DESCRIPTIONS)
    stack.push(element)


def _close_open_item(stack: Stack, names: frozenset[bytes]) -> None:
    for index in range(len(stack.open) - 1, 0, -1):
        tag = stack.open[index].tag
        if tag.name in names:
            stack.pop_to(index)
            break
        if tag.is_special and tag.name not in _THROUGH:
            break
    if stack.open[-1].has_p:
        close_p(stack)


def _form(stack: Stack, element: Element) -> None:
    if stack.form is not None:
        return
    if stack.open[-1].in_noscript:
        raise GiveUp("noscript")
    close_p(stack)
    stack.form = element.form = Form(element.source)
    stack.push(element)


def _button(stack: Stack, element: Element) -> None:
    index = stack.index_of(b"button")
    if index:
        stack.pop_to(index)
    stack.push(element)


def _dialog(stack: Stack, element: Element) -> None:
    close_p(stack)
    if stack.is_tangled:
        raise GiveUp("dialog")
    stack.push(element)


def _formatting(stack: Stack, element: Element) -> None:
    stack.push_loose(element)


def _anchor(stack: Stack, element: Element) -> None:
    """``a`` closes the one that is open, and ``nobr`` likewise."""
    if not stack.is_tangled:
        index = index_of_formatting(stack, element.tag.name)
        if index:
            adopt(stack, index)
    stack.push_loose(element)


def _table(stack: Stack, element: Element) -> None:
    if stack.open[-1].has_p:
        if stack.is_quirky is None:
            raise GiveUp("doctype")
        if not stack.is_quirky:
            close_p(stack)
    stack.push(element)


def _void(stack: Stack, element: Element) -> None:
    stack.place(element)


def _rule(stack: Stack, element: Element) -> None:
    close_p(stack)
    stack.place(element)


def _xmp(stack: Stack, element: Element) -> None:
    close_p(stack)
    stack.place(element)


def _noscript(stack: Stack, element: Element) -> None:
    if stack.open[-1].in_noscript:
        raise GiveUp("noscript")
    stack.push(element)
    element.in_noscript = True


def _option(stack: Stack, element: Element) -> None:
    if not stack.is_tangled and stack.open[-1].tag.name == b"option":
        stack.pop()
    stack.push_loose(element)


def _ruby(stack: Stack, element: Element) -> None:
    if stack.is_tangled:
        if _nearest_special(stack).name in IMPLIED_ENDS:
            raise GiveUp("misnested ruby")
    elif stack.index_of(b"ruby"):
        kept = b"rtc" if element.tag.name in (b"rp", b"rt") else b""
        while stack.open[-1].tag.name in IMPLIED_ENDS and stack.open[-1].tag.name != kept:
            stack.pop()
    stack.push_loose(element)


def _foreign(stack: Stack, element: Element) -> None:
    if element.is_self_closing:
        stack.place(element)
    else:
        stack.push(element)


def _ignored(stack: Stack, element: Element) -> None:
    pass


def _doubled(stack: Stack, element: Element) -> None:
    raise GiveUp(f"doubled {element.tag.name.decode()}")


START: dict[str, Callable[[Stack, Element], None]] = {
    "ordinary": Stack.push_loose,
    "block": _block,
    "heading": _heading,
    "item": _item,
    "description": _description,
    "form": _form,
    "button": _button,
    "dialog": _dialog,
    "formatting": _formatting,
    "a": _anchor,
    "nobr": _anchor,
    "object": Stack.push,
    "table": _table,
    "void": _void,
    "head": _void,
    "raw": _void,
    "rule": _rule,
    "xmp": _xmp,
    "noscript": _noscript,
    "select": Stack.push,
    "template": Stack.push,
    "option": _option,
    "ruby": _ruby,
    "foreign": _foreign,
    "ignored": _ignored,
    "doubled": _doubled,
}
