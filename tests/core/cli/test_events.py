"""``twofa events``: what was written down, newest first."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from core.cli.conftest import Twofa
from support.stage import Stage
from twofa_middleware.accounts import history
from twofa_middleware.accounts.audit import row_of
from twofa_middleware.asks import Done, Note, Notes
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Event, Flow

NOW = int(time.time())
DAY = 86400


def write(stage: Stage, *events: Event) -> None:
    """Put events into the logs of those whom they are about."""

    def act(desk: Desk) -> Flow[None]:
        for event in events:
            row = row_of(desk.sealer, event, os.urandom(12))
            assert (yield from Note(desk.user_key(event.user), event.at, Notes({"done": (row,)}))) == Done()

    stage.administer(act)


@pytest.fixture
def written(stage: Stage) -> Stage:
    write(
        stage,
        Event("code wrong", NOW - 9 * DAY, "shop", "erin", label="erin"),
        Event("enrolled", NOW - 5 * DAY, "shop", "wendy", label="wendy"),
        Event("enrolled", NOW - DAY, "office", "erin", label="erin"),
        Event("unlocked by an administrator", NOW - 60, "", "erin", {"reason": "tired", "actor": "1"}, label="erin"),
    )
    return stage


def found(twofa: Twofa, *arguments: str) -> list[tuple[str, str]]:
    listed = twofa("events", "--json", *arguments).document["events"]
    return [(event["name"], event["user"]) for event in listed]


def test_events_come_newest_first_with_stable_keys(twofa: Twofa, written: Stage) -> None:
    document = twofa("events", "--json").document
    assert document.keys() == {"events", "more", "unreadable"}
    assert [event["at"] for event in document["events"]] == [
        datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for at in (NOW - 60, NOW - DAY, NOW - 5 * DAY, NOW - 9 * DAY)
    ]
    newest = document["events"][0]
    assert newest.keys() == {"at", "name", "app", "user", "label", "severity", "facts"}
    assert (newest["name"], newest["facts"]) == ("unlocked by an administrator", {"reason": "tired", "actor": "1"})


def test_the_table_has_a_line_for_each(twofa: Twofa, written: Stage) -> None:
    heads, first, *rest = twofa("events").out.splitlines()
    assert heads.split() == ["AT", "EVENT", "APP", "USER", "FACTS"]
    assert re.fullmatch(r"\S+Z  unlocked by an administrator +erin \(erin\) +reason tired; actor 1", first)
    assert len(rest) == 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--user", "wendy"), [("enrolled", "wendy")]),
        (("--kind", "enrolled"), [("enrolled", "erin"), ("enrolled", "wendy")]),
        (("--app", "office"), [("enrolled", "erin")]),
        (("--app", ""), [("unlocked by an administrator", "erin")]),
        (("--days", "2"), [("unlocked by an administrator", "erin"), ("enrolled", "erin")]),
        (("--days", "6", "--kind", "enrolled", "--user", "wendy"), [("enrolled", "wendy")]),
        (("--limit", "1"), [("unlocked by an administrator", "erin")]),
    ],
)
def test_filters_have_to_fit_all(twofa: Twofa, written: Stage, arguments: Any, expected: Any) -> None:
    assert found(twofa, *arguments) == expected


def test_a_limit_says_that_there_are_more(twofa: Twofa, written: Stage) -> None:
    assert twofa("events", "--limit", "3", "--json").document["more"] is True
    assert twofa("events", "--limit", "4", "--json").document["more"] is False
    assert "There are more than 3" in twofa("events", "--limit", "3").err


def test_an_act_of_a_moment_ago_is_there(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    twofa("forget", "erin", "--yes", "--reason", "theft")
    assert found(twofa, "--kind", "ended by an administrator") == [("ended by an administrator", "erin")]


def test_what_lies_far_back_is_found(twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_LOOKED_AT", 200)  # so many at a time
    many = [Event("logged out", NOW - 100, "shop", "wendy") for _ in range(300)]
    write(stage, Event("enrolled", NOW - DAY, "shop", "erin"))
    twofa("events")
    for start in range(0, 300, 100):  # minor events are left out while a log is full
        write(stage, *many[start : start + 90])
        twofa("events")
    assert found(twofa, "--kind", "enrolled") == [("enrolled", "erin")]


@pytest.mark.parametrize("arguments", [("--user", "nobody"), ("--app", "none"), ("--kind", "logged out")])
def test_nothing_found_is_code_1(twofa: Twofa, written: Stage, arguments: tuple[str, str]) -> None:
    done = twofa("events", *arguments)
    assert (done.code, done.out, done.err) == (1, "", "twofa: no event was found\n")


def test_a_kind_that_there_is_not_is_code_2(twofa: Twofa, written: Stage) -> None:
    done = twofa("events", "--kind", "enroled")
    assert done.code == 2
    assert 'there is no event "enroled"; did you mean "enrolled"?' in done.err


def test_events_that_others_wrote_are_counted_and_not_shown(twofa: Twofa, written: Stage) -> None:
    twofa("events")
    with written.database() as db:
        db.execute("UPDATE events SET at = at + 1 WHERE position = 1")
    done = twofa("events")
    assert (done.code, len(done.out.splitlines())) == (0, 4)
    assert done.err == (
        "1 event does not open under the realm's keys: a key was retired since, or somebody else wrote or changed it.\n"
    )
    assert twofa("events", "--json").document["unreadable"] == 1


def test_facts_with_control_characters_stay_in_their_line(twofa: Twofa, stage: Stage) -> None:
    write(stage, Event("enrolled", NOW - 60, "shop", "erin", {"reason": "a\n\x1b[2Jb"}))
    assert len(twofa("events").out.splitlines()) == 2
    assert r"reason a\n\x1b[2Jb" in twofa("events").out
