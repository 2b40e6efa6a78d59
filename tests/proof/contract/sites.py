"""Where in the package an answer of ours is made, and which of these places a run has come by.

A place is a call of one of the functions that make answers, or that refuse a form. So an answer that somebody adds has to
be asked for by ``answers.py``, or the suite fails.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import twofa_middleware

PACKAGE = Path(twofa_middleware.__file__).parent
ROOMS = ("pages/**/*.py", "refusals.py")
MAKERS = frozenset({
    *("Answer", "redirect", "problem", "said", "notice", "unsent", "page", "our_fault", "demand"),
    *("BadRequest", "StaleForm", "ForeignForm", "Message"),
})  # fmt: skip
IN_A_RACE = (
    # what another request has done between two questions of this one: tests/contract and tests/core/stores have them
    ("pages/setup.py", "submit", "redirect(visit.urls.account)"),
    ("pages/later.py", "submit", "redirect(visit.urls.setup)"),
    ("pages/texts.py", "refused_totp", "Your account was changed"),
    ("pages/texts.py", "refused_recovery", "Your account was changed"),
    ("pages/texts.py", "refused_recovery", "has been used already. Take another"),
)
"""File, function, and what the call says: places that nobody comes by who asks for one thing after the other."""


@cache
def places() -> dict[str, frozenset[int]]:
    """``file: line: function: call`` → the lines of the call, for each within a function."""
    found: dict[str, frozenset[int]] = {}
    for pattern in ROOMS:
        for file in sorted(PACKAGE.glob(pattern)):
            text = file.read_text()
            for function in ast.walk(ast.parse(text)):
                if not isinstance(function, ast.FunctionDef):
                    continue
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
                        lines = frozenset(range(node.lineno, (node.end_lineno or node.lineno) + 1))
                        said = ast.get_source_segment(text, node)
                        found[f"{file.relative_to(PACKAGE)}: {node.lineno}: {function.name}: {said}"] = lines
    return found


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


@contextmanager
def watching() -> Iterator[set[tuple[str, int]]]:
    """File and number of the lines that are run in the rooms where answers are made."""
    files = {str(file) for pattern in ROOMS for file in PACKAGE.glob(pattern)}
    run: set[tuple[str, int]] = set()

    def each_line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            run.add((str(Path(frame.f_code.co_filename).relative_to(PACKAGE)), frame.f_lineno))
        return each_line

    def each_call(frame: FrameType, event: str, _: Any) -> Any:
        return each_line if frame.f_code.co_filename in files else None

    before = sys.gettrace()
    sys.settrace(each_call)
    try:
        yield run
    finally:
        sys.settrace(before)


def not_come_by(run: set[tuple[str, int]]) -> list[str]:
    """The places of which no line was run, but for those that take a race."""
    return [
        place
        for place, lines in places().items()
        if not any((place.split(":")[0], line) in run for line in lines)
        and not any(
            place.startswith(file) and function in place and said in place for file, function, said in IN_A_RACE
        )
    ]
