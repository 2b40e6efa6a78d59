"""What the command says of itself, and what that costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from core.cli.conftest import Twofa
from support.stage import Stage
from twofa_middleware.cli import COMMANDS
from twofa_middleware.cli import twofa as command

OPERATIONS = ["status", "users", "roles", "events", "disable", "setup-code", "unlock", "forget", "enforce"]
OPERATIONS += ["export", "import", "restore"]
HEAVY = ["asyncio", "jinja2", "cryptography", "msgspec", "sqlite3", "redis", "twofa_middleware.wiring"]
DOCS = Path(__file__).parents[3] / "docs" / "cli.md"


def loaded_by(*arguments: str) -> list[str]:
    """Which of the heavy modules a fresh Python has after the command."""
    code = f"""
import sys
from twofa_middleware.cli import main
try:
    main()
except SystemExit:
    pass
print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stderr.split()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_is_quick_since_it_loads_no_command(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == []


def test_a_command_s_help_loads_no_page_and_no_store() -> None:
    assert not {"jinja2", "sqlite3", "redis", "cryptography"} & set(loaded_by("users", "--help"))


def test_every_command_of_the_list_is_there() -> None:
    with click.Context(command) as context:
        for name in COMMANDS:
            found = command.get_command(context, name)
            assert found is not None
            assert found.name == name


def test_the_list_names_each_command_with_a_line(twofa: Twofa) -> None:
    shown = twofa("--help")
    assert shown.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z][^\n]+\.$", shown.out, re.MULTILINE)


def test_help_says_the_exit_codes() -> None:
    assert "Exit codes: 0 it is done; 1 " in CliRunner().invoke(command, ["--help"]).output
    for name in OPERATIONS:
        shown = CliRunner().invoke(command, [name, "--help"])
        assert shown.exit_code == 0
        assert "Exit codes: 0 done, 1 could not be done or nothing found, 2 wrong usage" in shown.output


@pytest.mark.parametrize("name", [*OPERATIONS, "wrap"])
def test_the_page_has_every_option_of_every_command(name: str) -> None:
    text = DOCS.read_text(encoding="utf-8")
    with click.Context(command) as context:
        found = command.get_command(context, name)
    assert found is not None
    part = text.partition(f"\n## `twofa {name}")[2].partition("\n## ")[0]
    for param in found.params:
        if isinstance(param, click.Option) and param.opts[0] not in ("--file", "--json", "--help"):
            assert f"`{param.opts[0]}" in part, f"docs/cli.md says nothing of {name} {param.opts[0]}"


def test_the_page_begins_with_a_list_of_all_commands_that_leads_to_each() -> None:
    text = DOCS.read_text(encoding="utf-8")
    listed = dict(re.findall(r"\[([a-z-]+)\]\(#([a-z-]+)\)", text.partition("\n## ")[0]))
    heads = {re.sub(r"[^a-z -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^## (.*)", text, re.M)}
    assert set(listed) == set(COMMANDS)
    assert set(listed.values()) <= heads


def test_without_a_command_the_help_is_shown_with_code_2(twofa: Twofa) -> None:
    done = twofa()
    assert done.code == 2
    assert "Usage: twofa [OPTIONS] COMMAND" in done.out + done.err


def test_a_reader_that_has_seen_enough_is_no_fault(stage: Stage) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-c", "from twofa_middleware.cli import main; main()", "status"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, cwd=stage.realm.folder, check=False)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (1, b"")
