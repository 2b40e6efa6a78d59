"""The rules for tags in "in body" (https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody).

Two tables lead from the rule's name in ``elements.py`` to the rule. Where browsers of different ages differ, or where the
tree could only be told by building it, a rule raises GiveUp.
"""

from __future__ import annotations

from collections.abc import Callable

from .elements import HEADINGS, IMPLIED_ENDS, Tag
from .stack import Element, Form, GiveUp, Stack

_BUTTON_SCOPE = frozenset({b"button"})
_LIST_SCOPE = frozenset({b"ol", b"ul"})
_THROUGH = frozenset({b"address", b"div", b"p"})


def open_element(stack: Stack, element: Element) -> None:
    stack.push(element)


def _close_p(stack: Stack) -> None:
    if stack.open[-1].has_p:
        stack.pop_to(stack.index_of(b"p", _BUTTON_SCOPE))


def _nearest_special(stack: Stack) -> Tag:
    return next(element.tag for element in reversed(stack.open) if element.tag.is_special)


def _block(stack: Stack, element: Element) -> None:
    if stack.open[-1].has_p:
        _close_p(stack)
    if element.tag.text:
        stack.place(element)
    else:
        stack.push(element)


def _heading(stack: Stack, element: Element) -> None:
    _close_p(stack)
    if stack.is_tangled:
        if _nearest_special(stack).name in HEADINGS:
            raise GiveUp("misnested heading")
    elif stack.open[-1].tag.name in HEADINGS:
        stack.pop()
    stack.push(element)


def _item(stack: Stack, element: Element) -> None:
    _close_open_item(stack, frozenset({b"li"}))
    stack.push(element)


def _description(stack: Stack, element: Element) -> None:
    _close_open_item(stack, frozenset({b"dd", b"dt"}))
    stack.push(element)


def _close_open_item(stack: Stack, names: frozenset[bytes]) -> None:
    for index in range(len(stack.open) - 1, 0, -1):
        tag = stack.open[index].tag
        if tag.name in names:
            stack.pop_to(index)
            break
        if tag.is_special and tag.name not in _THROUGH:
            break
    _close_p(stack)


def _form(stack: Stack, element: Element) -> None:
    if stack.form is not None:
        return
    if stack.open[-1].in_noscript:
        raise GiveUp("noscript")
    _close_p(stack)
    stack.form = element.form = Form()
    stack.push(element)


def _button(stack: Stack, element: Element) -> None:
    index = stack.index_of(b"button")
    if index:
        stack.pop_to(index)
    stack.push(element)


def _dialog(stack: Stack, element: Element) -> None:
    _close_p(stack)
    if stack.is_tangled:
        raise GiveUp("dialog")
    stack.push(element)


def _formatting(stack: Stack, element: Element) -> None:
    stack.push_loose(element)


def _anchor(stack: Stack, element: Element) -> None:
    """``a`` closes the one that is open, and ``nobr`` likewise."""
    if not stack.is_tangled:
        index = _index_of_formatting(stack, element.tag.name)
        if index:
            _adopt(stack, index)
    stack.push_loose(element)


def _index_of_formatting(stack: Stack, name: bytes) -> int:
    """Where an open formatting element stands behind the last marker."""
    for index in range(len(stack.open) - 1, 0, -1):
        tag = stack.open[index].tag
        if tag.name == name:
            return index
        if tag.is_marker:
            return 0
    return 0


def _adopt(stack: Stack, index: int) -> None:
    """Close a formatting element ("adoption agency algorithm"), or say that this cannot be followed."""
    if any(element.tag.is_special for element in stack.open[index + 1 :]):
        stack.tangle()
        return
    stack.pop_to(index + 1)
    stack.pop(is_closed=True)


def _table(stack: Stack, element: Element) -> None:
    if stack.open[-1].has_p:
        if stack.is_quirky is None:
            raise GiveUp("doctype")
        if not stack.is_quirky:
            _close_p(stack)
    stack.push(element)


def _void(stack: Stack, element: Element) -> None:
    stack.place(element)


def _rule(stack: Stack, element: Element) -> None:
    _close_p(stack)
    stack.place(element)


def _xmp(stack: Stack, element: Element) -> None:
    _close_p(stack)
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
    "object": open_element,
    "table": _table,
    "void": _void,
    "head": _void,
    "raw": _void,
    "rule": _rule,
    "xmp": _xmp,
    "noscript": _noscript,
    "select": open_element,
    "template": open_element,
    "option": _option,
    "ruby": _ruby,
    "foreign": _foreign,
    "ignored": _ignored,
    "doubled": _doubled,
}


def _end_block(stack: Stack, tag: Tag) -> None:
    if stack.open[-1].tag is tag:
        stack.pop()
        return
    index = stack.index_of(tag.name)
    if index:
        stack.pop_to(index)


def _end_p(stack: Stack, tag: Tag) -> None:
    if stack.open[-1].has_p:
        _close_p(stack)
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
    index = _index_of_formatting(stack, tag.name)
    if index and not any(element.tag.is_scope for element in stack.open[index + 1 :]):
        _adopt(stack, index)


def _end_object(stack: Stack, tag: Tag) -> None:
    index = stack.index_of(tag.name)
    if index:
        stack.pop_to(index)


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

