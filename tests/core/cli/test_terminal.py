"""At a terminal: what is asked, and what becomes of the answers."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from core.cli import shop_directory
from core.cli.conftest import Terminal, Twofa, Typing
from support.stage import Stage
from twofa_middleware.accounts.rules import read_flags
from twofa_middleware.protocol import Event


def acts(stage: Stage) -> list[Event]:
    return [event for event in stage.events() if "actor" in event.facts]


@pytest.mark.parametrize("command", ["disable", "unlock", "forget"])
def test_reason_and_consent_are_asked_for(typing: Typing, stage: Stage, command: str) -> None:
    stage.enrolled("erin")
    done = typing("lost phone\ny\n")(command, "erin")
    assert (done.code, done.err) == (0, "")
    assert "erin (id erin): for which reason?" in done.out
    assert "[y/N]" in done.out
    assert [event.facts["reason"] for event in acts(stage)] == ["lost phone"]


@pytest.mark.parametrize("answer", ["n\n", "\n", "nonsense\nno\n"])
def test_who_does_not_say_yes_changes_nothing(typing: Typing, stage: Stage, answer: str) -> None:
    stage.enrolled("erin")
    done = typing(f"lost phone\n{answer}")("disable", "erin")
    assert (done.code, done.err) == (1, "twofa: nothing was changed\n")
    assert acts(stage) == []


@pytest.mark.parametrize("typed", ["", "lost phone\n"])
def test_who_goes_away_changes_nothing(typing: Typing, stage: Stage, typed: str) -> None:
    stage.enrolled("erin")
    done = typing(typed)("disable", "erin")
    assert (done.code, done.err.splitlines()[-1]) == (1, "twofa: stopped before it had ended")
    assert acts(stage) == []


def test_control_c_stops_in_one_line(typing: Typing, stage: Stage) -> None:
    class Interrupted(Terminal):
        def readline(self, size: int | None = -1, /) -> str:
            raise KeyboardInterrupt

    stage.enrolled("erin")
    done = typing(Interrupted())("disable", "erin")
    assert (done.code, done.err.splitlines()[-1]) == (1, "twofa: stopped before it had ended")


def test_an_empty_reason_is_asked_for_again(typing: Typing, stage: Stage) -> None:
    stage.enrolled("erin")
    assert typing("\n  \nlost phone\ny\n")("forget", "erin").code == 0
    assert [event.facts["reason"] for event in acts(stage)] == ["lost phone"]


def test_what_is_given_is_not_asked_for(typing: Typing, stage: Stage) -> None:
    stage.enrolled("erin")
    assert typing("")("forget", "erin", "--yes", "--reason", "theft").code == 0
    assert typing("y\n")("forget", "erin", "--reason", "theft").code == 0
    assert typing("theft\n")("forget", "erin", "--yes").code == 0


def test_with_json_nothing_is_asked_at_a_terminal_either(typing: Typing, stage: Stage) -> None:
    stage.enrolled("erin")
    done = typing("lost phone\ny\n")("forget", "erin", "--json")
    assert (done.code, done.document.keys()) == (2, {"error"})


def test_where_only_the_input_is_a_terminal_nobody_sees_the_question(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.enrolled("erin")
    monkeypatch.setattr(sys, "stdin", Terminal("lost phone\ny\n"))
    assert twofa("forget", "erin").code == 2


def test_without_any_input_nobody_can_be_asked(twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.enrolled("erin")
    monkeypatch.setattr(sys, "stdin", None)
    assert twofa("forget", "erin").code == 2


def test_the_forecast_stands_before_the_question(typing: Typing, listed: Stage) -> None:
    done = typing("n\n")("enforce", "Cook")
    assert done.code == 1
    assert done.out.index("It would stop 2 today: ada (id ada), erin (id erin).") < done.out.index("Enforce the role")
    assert listed.administer(read_flags) == {}
    assert typing("y\n")("enforce", "Cook").code == 0
    assert listed.administer(read_flags)["Cook"].is_enforced


def test_questions_hold_no_control_characters_of_names(typing: Typing, listed: Stage) -> None:
    shop_directory.people["17"] = {"user": "17", "label": "\x1b[2Jada\r"}
    done = typing("lost\nn\n")("forget", "17")
    assert "\x1b" not in done.out
    assert r"\x1b[2Jada\r (id 17)" in done.out


def test_tables_fit_the_terminal_and_ids_stay_whole(
    typing: Typing, listed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = "0123456789" * 3
    shop_directory.people[user] = {"user": user, "label": "l" * 60, "name": "n" * 60}
    monkeypatch.setenv("COLUMNS", "80")
    lines = typing("")("users").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(user)
    assert "…" in lines[-1]


def test_a_real_terminal_asks_too(stage: Stage) -> None:
    stage.enrolled("erin")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from twofa_middleware.cli import main; main()", "forget", "erin"]
    started = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=stage.realm.folder)
    os.close(theirs)
    os.write(ours, b"theft\ny\n")
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # how Linux says that the other side has gone
    os.close(ours)
    assert started.wait(30) == 0, shown
    assert b"passes ended and browsers forgotten: erin (id erin)" in shown
    assert [event.facts["reason"] for event in acts(stage)] == ["theft"]
