"""Each of the attacks on the list has a test that carries its number, on both adapters where it is a matter of both."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
MADE = runpy.run_path(str(DOCS / "make_attacks.py"))
ATTACKS: dict[int, dict[str, Any]] = {
    attack["number"]: attack for section in MADE["data"]() for attack in section["attack"]
}
TESTS = MADE["named_tests"]()


def test_the_page_is_made_of_the_list_the_tests_and_the_mutants() -> None:
    page = (DOCS / "attacks.md").read_text(encoding="utf-8")
    assert page == MADE["page"](), "run docs/make_attacks.py"


def test_the_numbers_are_those_of_the_list_and_no_test_carries_another() -> None:
    assert list(ATTACKS) == list(range(1, 121))
    assert set(TESTS) <= set(ATTACKS)


@pytest.mark.parametrize("number", range(1, 121))
def test_an_attack_is_tried_on_both_adapters_unless_it_is_said_why_not(number: int) -> None:
    only = ATTACKS[number].get("only")
    rooms = {file.partition("/")[0] for file, _ in TESTS[number]}
    if only is None:
        assert MADE["adapters_of"](TESTS[number]) == {"wsgi", "asgi"}
    else:
        assert only in rooms
        assert ATTACKS[number]["because"]


def test_no_two_tests_of_a_file_have_the_same_name() -> None:
    """Of two that do, one is never run, and its number stands for nothing."""
    for number, tests in TESTS.items():
        assert len(tests) == len(set(tests)), f"attack {number}"
