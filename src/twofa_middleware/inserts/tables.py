"""The rules for tags inside of tables (https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-intable).

Each part of a table has one place, and a tag closes and opens what it takes to stand there. Anything that is no part of
a table is put before it, while the table goes on: such an element has no place for certain but where it begins.
"""

from __future__ import annotations

from .elements import CELLS, FOSTERING, KNOWN, TABLE_BODIES, TABLE_PARTS, Mode, Tag
from .ends import END
from .stack import Element, Form, GiveUp, Stack
from .starts import START

_MODES_OF_BODIES = frozenset({Mode.IN_TABLE, Mode.IN_TABLE_BODY, Mode.IN_ROW})
_CAPTION, _COLUMN_GROUP, _ROW = frozenset({b"caption"}), frozenset({b"colgroup"}), frozenset({b"tr"})
_TABLE = frozenset({b"table"})
_EMPTY_FORM = Tag(b"form", is_void=True)  # a form between the parts of a table has fields, but nothing is in it
_IGNORED_ENDS = frozenset({b"body", b"html", b"col"})


def start_in_table(stack: Stack, element: Element) -> None:
    """A start tag while the insertion mode is one of a table."""
    tag = element.tag
    if tag.name in TABLE_PARTS:
        _start_part(stack, element)
        return
    mode = stack.open[-1].mode
    if mode is Mode.IN_COLUMN_GROUP:
        if tag.name == b"template":
            stack.push(element)
            return
        stack.pop()
        mode = stack.open[-1].mode
    if mode not in _MODES_OF_BODIES:
        START[tag.starts](stack, element)
    elif tag.name == b"table":
        stack.pop_to(stack.index_in_table(_TABLE))
        start_in_table(stack, element)
    elif tag.name in (b"style", b"script", b"template"):
        START[tag.starts](stack, element)
    elif tag.name == b"input" and stack.plan.is_hidden_input(element.source):
        stack.place(element)
    elif tag.name == b"form":
        if stack.form is None:
            stack.form = element.form = Form(element.source)
            element.tag = _EMPTY_FORM
            stack.place(element)
    else:
        stack.is_fostering = True
        START[tag.starts](stack, element)
        stack.is_fostering = False


def _start_part(stack: Stack, element: Element) -> None:
    name = element.tag.name
    while True:
        mode = stack.open[-1].mode
        if mode is Mode.IN_CELL:
            stack.pop_to(stack.index_in_table(CELLS))
        elif mode is Mode.IN_CAPTION:
            stack.pop_to(stack.index_in_table(_CAPTION))
        elif mode is Mode.IN_COLUMN_GROUP:
            if name == b"col":
                stack.place(element)
                return
            stack.pop()
        elif mode is Mode.IN_ROW:
            row = stack.index_in_table(_ROW)
            if name in CELLS:
                _insert_below(stack, row, element)
                return
            stack.pop_to(row)
        elif mode is Mode.IN_TABLE_BODY:
            body = stack.index_in_table(TABLE_BODIES)
            if name == b"tr":
                _insert_below(stack, body, element)
                return
            if name in CELLS:
                stack.pop_to(body + 1)
                stack.imply(KNOWN[b"tr"], Stack.push)
            else:
                stack.pop_to(body)
        elif mode is Mode.IN_TABLE:
            table = stack.index_in_table(_TABLE)
            if name in CELLS or name == b"tr":
                stack.pop_to(table + 1)
                stack.imply(KNOWN[b"tbody"], Stack.push)
            elif name == b"col":
                stack.pop_to(table + 1)
                stack.imply(KNOWN[b"colgroup"], Stack.push)
            else:
                _insert_below(stack, table, element)
                return
        else:
            START[element.tag.starts](stack, element)
            return


def _insert_below(stack: Stack, index: int, element: Element) -> None:
    """Clear the stack back to the part of the table at this index, and insert there."""
    stack.pop_to(index + 1)
    stack.push(element)


def end_in_table(stack: Stack, tag: Tag) -> None:
    """An end tag while the insertion mode is one of a table."""
    name = tag.name
    while True:
        mode = stack.open[-1].mode
        if name in _IGNORED_ENDS:
            if name != b"col" and mode is Mode.IN_COLUMN_GROUP:
                stack.pop()
                continue
            return
        if mode is Mode.IN_COLUMN_GROUP:
            if name == b"template":
                return
            stack.pop()
            if name == b"colgroup":
                return
            continue
        if name not in TABLE_PARTS and name != b"table":
            _end_other(stack, tag, mode)
            return
        if not _end_part(stack, name, mode):
            return


def _end_part(stack: Stack, name: bytes, mode: str) -> bool:
    """Close what the end tag of a part closes; True if the tag is to be looked at again in what is left."""
    if mode is Mode.IN_CELL:
        if name in CELLS:
            _close(stack, name)
            return False
        if name in (b"caption", b"colgroup") or not stack.index_in_table(frozenset({name})):
            return False
        stack.pop_to(stack.index_in_table(CELLS))
        return True
    if mode is Mode.IN_CAPTION:
        if name in (b"caption", b"table"):
            _close(stack, b"caption")
        return name == b"table"
    if mode is Mode.IN_ROW:
        if name == b"tr":
            _close(stack, name)
            return False
        if name == b"table" or (name in TABLE_BODIES and stack.index_in_table(frozenset({name}))):
            _close(stack, b"tr")
            return True
        return False
    if mode is Mode.IN_TABLE_BODY:
        if name in TABLE_BODIES:
            _close(stack, name)
            return False
        if name == b"table":
            stack.pop_to(stack.index_in_table(TABLE_BODIES))
        return name == b"table"
    if mode is Mode.IN_TABLE:
        if name == b"table":
            _close(stack, name)
        return False
    return False


def _close(stack: Stack, name: bytes) -> None:
    index = stack.index_in_table(frozenset({name}))
    if index:
        stack.pop_to(index)


def _end_other(stack: Stack, tag: Tag, mode: str) -> None:
    stack.is_fostering = mode in _MODES_OF_BODIES and stack.open[-1].tag.name in FOSTERING
    END[tag.ends](stack, tag)
    stack.is_fostering = False


def start_in_select(stack: Stack, element: Element) -> None:
    """What a select takes in browsers of all ages; they differ about anything else."""
    name = element.tag.name
    if name == b"template":
        stack.push(element)
    elif name == b"script":
        stack.place(element)
    elif name in (b"option", b"optgroup"):
        if stack.open[-1].tag.name == b"option":
            stack.pop()
        if name == b"optgroup" and stack.open[-1].tag.name == b"optgroup":
            stack.pop()
        stack.push(element)
    else:
        raise GiveUp("content of a select")


def end_in_select(stack: Stack, tag: Tag) -> None:
    top = stack.open[-1].tag.name
    if tag.name == b"select":
        stack.pop_to(stack.index_of(b"select"))
    elif tag.name == b"optgroup":
        if top == b"option" and stack.open[-2].tag.name == b"optgroup":
            stack.pop()
        if stack.open[-1].tag.name == b"optgroup":
            stack.pop()
    elif tag.name == b"option":
        if top == b"option":
            stack.pop()
    elif tag.name not in (b"template", b"script"):
        raise GiveUp("content of a select")
