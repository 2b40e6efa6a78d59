"""Writes attacks.md out of attacks.toml, the names of the tests and the list of evil mutants. Run it after a change of any."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
ROOMS = ("contract", "proof", "core", "wsgi", "asgi", "servers", "apps", "e2e", "demos")
"""Where the test that is named comes from, the most telling first: those of the contract run on both adapters."""
ADAPTERS = {"wsgi", "asgi"}
HEAD = """\
# What was tried, and what came of it

Made from `docs/attacks.toml` and the names of the tests by `docs/make_attacks.py`.

These are {count} ways in which two-factor systems, session layers and gateways have failed. Each has at least one test that carries its number, such as `test_a036_…`, and `grep -rn test_a036 tests` finds them all; {tests} tests carry one. A test of `tests/contract` runs on the WSGI and on the ASGI adapter; what is a matter of one of them, or of neither, says so. *Out*: in how many of the patches of `tests/proof/mutants` the protection is taken out, each of which makes a test fail.

Where nothing else is said, the app is never called, the answer is one of ours that tells nothing, and an event is written. What is not protected stands in [SECURITY.md](../SECURITY.md).
"""


def page() -> str:
    """The page as it has to be."""
    tests, mutants, parts = named_tests(), taken_out(), []
    for section in data():
        parts += ["", f"## {section['title']}", "", "| # | tried | outcome | test | out | seen in |"]
        parts += ["| --- | --- | --- | --- | --- | --- |"]
        for attack in section["attack"]:
            number = attack["number"]
            outcome = attack["safe"] + (f" ({attack['because']})" if "only" in attack else "")
            cells = (str(number), attack["tried"], outcome, _tests(tests[number]), str(mutants[number]), attack["seen"])
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    attacks = [attack for section in data() for attack in section["attack"]]
    distinct = {test for those in tests.values() for test in those}
    return HEAD.format(count=len(attacks), tests=f"{len(distinct):,}") + "\n".join(parts) + "\n"


@cache
def data() -> list[dict[str, Any]]:
    """The sections of attacks.toml, each with its attacks."""
    sections: list[dict[str, Any]] = tomllib.loads((HERE / "attacks.toml").read_text(encoding="utf-8"))["section"]
    return sections


@cache
def named_tests() -> dict[int, list[tuple[str, str]]]:
    """Number → the tests that carry it, as (file below tests/, name)."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py"), key=_place):
        for name in _functions(file):
            carried = re.match(r"test((?:_a\d{3})+)_", name)
            for number in re.findall(r"\d{3}", carried[1]) if carried else ():
                found[int(number)].append((file.relative_to(TESTS).as_posix(), name))
    return found


@cache
def taken_out() -> dict[int, int]:
    """Number → how many evil mutants take a protection against it out."""
    count: dict[int, int] = defaultdict(int)
    for file in sorted((TESTS / "proof" / "mutants").glob("*.toml")):
        for mutant in tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]:
            for number in mutant["attacks"]:
                count[number] += 1
    return count


def adapters_of(tests: list[tuple[str, str]]) -> set[str]:
    """On which adapters these tests run."""
    rooms = {file.partition("/")[0] for file, _ in tests}
    return ADAPTERS if "contract" in rooms else rooms & ADAPTERS


def _place(file: Path) -> tuple[int, str]:
    return ROOMS.index(file.relative_to(TESTS).parts[0]), file.as_posix()


def _functions(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _tests(tests: list[tuple[str, str]]) -> str:
    (file, name), *others = tests
    more = f" and {len(others)} more" if others else ""
    return f"[`{name}`](../tests/{file}){more}"


if __name__ == "__main__":
    (HERE / "attacks.md").write_text(page(), encoding="utf-8")
