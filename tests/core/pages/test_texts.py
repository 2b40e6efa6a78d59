"""Every sentence about a refusal stands on the page for its outcome, with a next step."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.realm import document
from twofa_middleware.accounts.attempts import Used, Wrong
from twofa_middleware.asks import Moved, Ready, Stopped, Waiting
from twofa_middleware.factors.totp import Ahead, Past
from twofa_middleware.pages.texts import (
    Message,
    before_trying,
    clock,
    day,
    few_codes,
    refused_recovery,
    refused_totp,
    short_day,
    waiting,
)
from twofa_middleware.settings import Settings

NOW = 1_777_804_927  # 3 May 2026, 10:42:07 UTC, as in the words of the pages
SETTINGS = Settings.of(document(name="Produce and Manage", support="Service desk, ext. 4711"))
TEMPLATES = files("twofa_middleware.pages") / "templates"
NOT_SAID = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)
NO_SUPPORT = Settings.of(document(name="Produce and Manage", support=""))


def totp(outcome: Any, settings: Settings = SETTINGS) -> Message:
    return refused_totp(outcome, settings, NOW)


def recovery(outcome: Any) -> Message:
    return refused_recovery(outcome, SETTINGS, NOW)


# ---- codes of the app -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "kind", "text"),
    [
        (
            Wrong(3, 0),
            "wrong",
            "That code isn’t right. Check that you read the entry Produce and Manage, and wait for a new code. "
            "3 tries left before a pause of 30 seconds.",
        ),
        (
            Wrong(1, 0),
            "wrong",
            "That code isn’t right. Check that you read the entry Produce and Manage, and wait for a new code. "
            "1 try left before a pause of 30 seconds.",
        ),
        (
            Wrong(0, NOW + 30),
            "wrong",
            "That code isn’t right. Try again at 10:42:37 (UTC).",
        ),
        (
            Wrong(3, 0, Past(180)),
            "past",
            "That code is about 3 minutes old. Check that the clock of your phone is set automatically. "
            "3 tries left before a pause of 30 seconds.",
        ),
        (
            Wrong(3, 0, Ahead(60)),
            "past",
            "The clock of your phone is about 1 minute ahead. Check that it is set automatically. "
            "3 tries left before a pause of 30 seconds.",
        ),
        (Used(12), "used", "That code has been used already. A new one comes in about 12 seconds."),
        (Moved(), "expired", "Your account was changed in the meantime. Please start again."),
    ],
)
def test_a_refused_code_is_told_why(outcome: Any, kind: str, text: str) -> None:
    message = totp(outcome)
    assert (message.kind, message.text, message.status, message.headers) == (kind, text, 422, ())


@pytest.mark.parametrize(
    ("until", "at"),
    [
        (NOW + 290, "10:46:57 (UTC)"),
        (NOW + 599, "10:52:06 (UTC)"),
        (NOW + 600, "10:52 (UTC)"),
        (NOW + 3600, "11:42 (UTC)"),
    ],
)
def test_a033_who_has_to_wait_is_told_until_when_and_what_it_may_mean(until: int, at: str) -> None:
    message = totp(Waiting(until))
    assert message.text == (
        f"Too many tries. Try again at {at}. If this wasn’t you, somebody knows your password: change it, and tell "
        "Service desk, ext. 4711."
    )
    assert (message.kind, message.status, message.headers) == (
        "waiting",
        429,
        ((b"retry-after", str(until - NOW).encode()),),
    )


def test_who_is_stopped_is_told_who_helps() -> None:
    message = totp(Stopped())
    assert message.text == (
        "Codes are switched off for this account after too many tries. Use a recovery code, or ask "
        "Service desk, ext. 4711 to help."
    )
    assert (message.kind, message.status, message.headers) == ("stopped", 429, ())


@pytest.mark.parametrize("outcome", [Waiting(NOW + 30), Stopped()])
def test_where_nobody_is_named_for_help_it_is_the_administrator(outcome: Any) -> None:
    text = totp(outcome, NO_SUPPORT).text
    assert "your administrator" in text
    assert "Service desk" not in text


def test_a046_the_answer_while_waiting_is_the_same_whatever_was_sent() -> None:
    assert totp(Waiting(NOW + 30)) == waiting(Waiting(NOW + 30), SETTINGS, NOW)


def test_a_page_that_is_only_looked_at_says_the_same_with_status_200() -> None:
    assert before_trying(Ready(5), SETTINGS, NOW) is None
    for state in (Waiting(NOW + 30), Stopped()):
        shown = before_trying(state, SETTINGS, NOW)
        assert shown is not None
        assert (shown.status, shown.text) == (200, totp(state).text)


# ---- recovery codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "kind", "text", "status"),
    [
        (
            Wrong(9, 0),
            "recovery-wrong",
            "That isn’t one of your recovery codes, or it has been used. 9 tries left in this hour.",
            422,
        ),
        (
            Wrong(1, 0),
            "recovery-wrong",
            "That isn’t one of your recovery codes, or it has been used. 1 try left in this hour.",
            422,
        ),
        (Wrong(0, NOW + 60), "recovery-wrong", "That isn’t one of your recovery codes, or it has been used.", 422),
        (Used(12), "recovery-wrong", "That recovery code has been used already. Take another one.", 422),
        (Waiting(NOW + 600), "recovery-waiting", "Too many tries with recovery codes. Try again at 10:52 (UTC).", 429),
        (Moved(), "expired", "Your account was changed in the meantime. Please start again.", 422),
    ],
)
def test_a_refused_recovery_code_is_told_why(outcome: Any, kind: str, text: str, status: int) -> None:
    message = recovery(outcome)
    assert (message.kind, message.text, message.status) == (kind, text, status)


def test_who_has_to_wait_with_recovery_codes_gets_the_time_for_programs_too() -> None:
    assert recovery(Waiting(NOW + 600)).headers == ((b"retry-after", b"600"),)


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (30, "30 seconds"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "2 minutes"),
        (120, "2 minutes"),
        (600, "10 minutes"),
    ],
)
def test_how_far_a_clock_is_off_is_said_as_people_say_it(seconds: int, shown: str) -> None:
    assert f"about {shown} old" in totp(Wrong(1, 0, Past(seconds))).text
    assert f"about {shown} ahead" in totp(Wrong(1, 0, Ahead(seconds))).text


def test_times_are_those_of_the_server_and_say_so() -> None:
    assert (clock(NOW), clock(NOW, seconds=True)) == ("10:42 (UTC)", "10:42:07 (UTC)")


@pytest.mark.parametrize(
    ("at", "shown", "short"),
    [
        (NOW, "3 May 2026", "today"),
        (NOW - 42 * 60 - 10 * 3600, "3 May 2026", "today"),
        (NOW - 11 * 3600, "2 May 2026", "yesterday"),
        (NOW - 2 * 86400, "1 May 2026", "1 May"),
        (NOW - 200 * 86400, "15 October 2025", "15 October 2025"),
        (NOW + 86400, "4 May 2026", "4 May"),
    ],
)
def test_days_are_said_as_people_say_them(at: int, shown: str, short: str) -> None:
    assert (day(at), short_day(at, NOW)) == (shown, short)


def test_apostrophes_are_those_of_print_on_every_page() -> None:
    names = [one.name for one in TEMPLATES.iterdir() if one.name.endswith(".html")]
    assert len(names) > 10
    for name in names:
        assert "'" not in NOT_SAID.sub("", (TEMPLATES / name).read_text(encoding="utf-8")), name


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_every_time_can_be_said(at: int, now: int) -> None:
    assert day(at)
    assert short_day(at, now)
    assert refused_totp(Waiting(max(at, now)), SETTINGS, now).retry_after == max(at, now) - now


@pytest.mark.parametrize(
    ("left", "dead", "said"),
    [
        (10, 0, ""),
        (4, 0, ""),
        (3, 0, "Few recovery codes are left. Make new ones before you need them."),
        (3, 7, "Few recovery codes are left. Make new ones before you need them."),
        (0, 0, "You have no recovery code left. Make new ones before you need them."),
        (0, 10, "Your recovery codes no longer work. Make new ones before you need them."),
    ],
)
def test_what_is_said_of_few_recovery_codes(left: int, dead: int, said: str) -> None:
    assert few_codes(left, dead) == said
