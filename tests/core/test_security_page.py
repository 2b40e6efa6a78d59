"""docs/security.md against what there is: its numbers are the standards', its files, settings and tests are ours."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import pytest

from core.settings.documents import settings
from twofa_middleware.identity.watch_options import WatchOptions
from twofa_middleware.settings import (
    Acknowledge,
    Administration,
    AppSettings,
    Enforcement,
    Events,
    ServiceAccount,
    Settings,
    StoreSettings,
)

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "twofa_middleware"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
POLICY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ASVS = {
    "3": (1, 3, 5, 8, 8, 1, 5),
    "4": (5, 5, 2, 4),
    "6": (3, 12, 8, 6, 8, 4, 2, 4),
    "7": (3, 4, 2, 5, 3, 2),
    "8": (4, 4, 3, 2),
    "11": (4, 5, 5, 4, 2, 2, 2),
    "12": (5, 2, 5),
    "13": (4, 6, 4, 7),
    "14": (2, 8, 3),
    "16": (1, 5, 4, 3, 4),
}
"""How many requirements each section of a chapter has, in version 5.0.0."""
NIST = re.findall(
    r"\S+",
    """
2.2.1 2.2.2 2.2.3 2.3 3.1.1 3.1.2.1 3.1.2.2 3.1.3 3.1.4.1 3.1.4.2 3.1.5 3.1.6 3.1.7 3.2.1 3.2.2 3.2.3 3.2.4 3.2.5 3.2.6
3.2.7 3.2.8 3.2.9 3.2.10 3.2.11 3.2.12 3.2.13 4.1 4.1.2.1 4.1.2.2 4.1.3 4.1.4 4.2.1.1 4.2.1.2 4.2.2.2 4.2.3 4.3 4.4 4.5
4.6 5 5.1 5.1.1 5.1.2 5.2 5.3
""",
)
"""Sections of SP 800-63B-4 that ask for something of which the page has to speak."""
KINDS = ("not met", "met", "option", "the app's", "none")


@dataclass(frozen=True)
class Row:
    number: str
    how: str
    where: str
    test: str

    @property
    def kind(self) -> str:
        return next((kind for kind in KINDS if re.match(rf"{kind}\b", self.how)), "")


def table(head: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    part = re.split(r"\n##+ ", PAGE.partition(f" {head}\n")[2], maxsplit=1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def rows(head: str) -> list[Row]:
    found = table(head)
    assert all(len(cells) == 5 for cells in found), head
    return [Row(number, how, where, test) for number, _, how, where, test in found]


HEADS = ["NIST SP 800-63B-4", *re.findall(r"^### (V\d+ .*)$", PAGE, re.M)]
ROWS = [pytest.param(row, id=f"{head.split()[0]}-{row.number}") for head in HEADS for row in rows(head)]


@cache
def names_of_tests() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))}


def keys() -> set[str]:
    """All settings by their dotted names."""
    tables = {"": Settings, "store.": StoreSettings, "enforcement.": Enforcement, "admin.": Administration}
    tables |= {"events.": Events, "store.acknowledge.": Acknowledge, "": Settings, "apps.NAME.": AppSettings}
    tables |= {"service_accounts.": ServiceAccount}
    return {prefix + one.name for prefix, kind in tables.items() for one in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("chapter", ASVS)
def test_each_requirement_of_a_chapter_stands_there_once_and_in_order(chapter: str) -> None:
    (head,) = (head for head in HEADS if head.startswith(f"V{chapter} "))
    wanted = [
        f"{chapter}.{part}.{number}" for part, many in enumerate(ASVS[chapter], 1) for number in range(1, many + 1)
    ]
    assert [row.number for row in rows(head)] == wanted


def test_the_chapters_are_these_and_the_others_are_named_with_a_reason() -> None:
    assert [head.split()[0] for head in HEADS[1:]] == [f"V{chapter}" for chapter in ASVS]
    others = re.search(r"^Chapters without a table: (.*)$", PAGE, re.M)
    assert others is not None
    assert {f"V{number}" for number in range(1, 18)} == {f"V{chapter}" for chapter in ASVS} | set(
        re.findall(r"V\d+", others[1])
    )


def test_the_sections_of_nist_stand_there_once_and_in_order() -> None:
    assert [row.number for row in rows(HEADS[0])] == NIST


@pytest.mark.parametrize("row", ROWS)
def test_a_line_says_how_it_is_and_shows_it(row: Row) -> None:
    assert row.kind, row.how
    if row.kind in ("met", "option"):
        assert row.where
        assert row.test
    if row.kind == "option":
        named = set(re.findall(r"`([a-z_.]+)`", row.how.partition(" (")[0].partition(":")[0]))
        assert named
        assert named <= keys()
    if row.test:
        assert set(re.findall(r"`(\w+)`", row.test)) <= names_of_tests(), row.test
        assert re.sub(r"`test_\w+`(, )?", "", row.test) == ""


def test_every_file_and_every_test_that_a_page_names_is_there() -> None:
    for text in (PAGE, POLICY):
        for name in re.findall(r"`([\w/]+\.py)`", text):
            assert (PACKAGE / name).is_file(), name
        assert set(re.findall(r"`(test_\w+)`", text)) <= names_of_tests()
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert target.startswith("https://") or (ROOT / "docs" / target).is_file(), target
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", POLICY):
        assert target.startswith("https://") or (ROOT / target).is_file(), target


def test_every_setting_that_a_page_names_is_there() -> None:
    known = keys() | {one.rpartition(".")[2] for one in keys()} | {"cache_seconds"}
    known |= {one.name for one in msgspec.structs.fields(WatchOptions)}
    for text in (PAGE, POLICY):
        dotted = Counter(re.findall(r"`((?:admin|store|enforcement|events|apps)\.[a-z_.]+)`", text))
        assert set(dotted) <= keys()
        for name in re.findall(r"`([a-z]+_[a-z_]+)(?: = [^`]*)?`", text):
            assert name in known or name.startswith("test_"), name


def test_the_profiles_are_what_the_settings_say() -> None:
    def said(profile: str) -> list[str]:
        made = settings(profile=profile, store="redis://localhost/0")
        before, after = made.window
        by = {True: "a code of an administrator", False: "the password"}
        replicas = made.acknowledge.replicas
        return [
            f"{made.pass_hours} hours",
            f"{made.idle_seconds // 60} minutes" if made.idle_seconds else "never",
            f"{made.remembered_days} days",
            f"-{before} to {after}",
            by[made.first_setup_needs_code],
            by[made.reset_makes_code],
            f"{replicas} replica" if replicas else "the server",
        ]

    found = table("Profiles")
    assert [cells[1] for cells in found] == said("classic")
    assert [cells[2] for cells in found] == said("strict")
    assert {cells[3].strip("`") for cells in found} <= keys()
