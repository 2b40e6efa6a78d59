"""Events: one line each in the log, loud where it is our fault, and not the same line with every request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.asks import Emit
from twofa_middleware.events import EventLog, describe
from twofa_middleware.protocol import Event

DAY = 86400
NOON = 20_000 * DAY + DAY // 2


def event(name: str = "code wrong", at: int = NOON, **more: Any) -> Event:
    return Event(name, at, "shop", **more)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[logging.LogRecord]]:
    """What was written to the log, each line as its record."""
    kept: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = kept.append  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO, "twofa_middleware.events"):
        logging.getLogger("twofa_middleware.events").addHandler(handler)
        yield kept
        logging.getLogger("twofa_middleware.events").removeHandler(handler)


def emit(log: EventLog, *events: Event, once: str | None = None) -> None:
    for one in events:
        log.emit(Emit(one, once))


def test_a_line_says_what_happened_where_to_whom_and_how() -> None:
    assert (
        describe(event(user="5", facts={"by": "totp", "left": 4})) == "code wrong: app='shop' user='5' by='totp' left=4"
    )
    assert describe(event("identities ambiguous")) == "identities ambiguous: app='shop'"


@given(st.text(), st.text(), st.text())
def test_a107_no_name_breaks_the_line(app: str, user: str, fact: str) -> None:
    line = describe(Event("x", 0, app, user, {"fact": fact}))
    assert line.isprintable()
    assert line.splitlines() == [line]


@pytest.mark.parametrize("user", ["erin\nroot logged in", "erin\r", "\u2028", "\x85", "\x1b[2J", "e' app='x"])
def test_a107_a_name_that_looks_like_a_line_stays_a_name(lines: list[logging.LogRecord], user: str) -> None:
    emit(EventLog(), event(user=user))
    assert [record.getMessage() for record in lines] == [f"code wrong: app='shop' user={user!r}"]


def test_a_line_has_no_formatting_of_its_own(lines: list[logging.LogRecord]) -> None:
    emit(EventLog(), event(user="%s %d %(name)s {0}"))
    assert "%s %d %(name)s {0}" in lines[0].getMessage()


def test_usual_events_are_information_and_faults_are_errors_with_their_traceback(
    lines: list[logging.LogRecord],
) -> None:
    error = ValueError("odd")
    emit(EventLog(), event(), event("refused", severity="warning"), event("our fault", error=error, severity="error"))
    assert [record.levelname for record in lines] == ["INFO", "WARNING", "ERROR"]
    assert [record.exc_info and record.exc_info[1] for record in lines] == [None, None, error]
    assert lines[2].exc_info is not None
    assert logging.Formatter().formatException(lines[2].exc_info).endswith("ValueError: odd")


def test_events_go_to_a_logger_of_their_own(lines: list[logging.LogRecord]) -> None:
    emit(EventLog(), event())
    assert lines[0].name == "twofa_middleware.events"


# ---- once a day -----------------------------------------------------------------------------------------------------


def test_an_event_that_repeats_is_written_once_a_day(lines: list[logging.LogRecord]) -> None:
    log = EventLog()
    emit(log, event(at=NOON), event(at=NOON + 1), event(at=NOON + DAY // 2 - 1), once="service shop 5")
    assert len(lines) == 1
    emit(log, event(at=NOON + DAY // 2), once="service shop 5")
    assert len(lines) == 2


def test_other_keys_and_other_processes_have_days_of_their_own(lines: list[logging.LogRecord]) -> None:
    log = EventLog()
    emit(log, event(), once="service shop 5")
    emit(log, event(), once="service shop 6")
    emit(EventLog(), event(), once="service shop 5")
    assert len(lines) == 3


def test_events_without_a_key_are_all_written(lines: list[logging.LogRecord]) -> None:
    emit(EventLog(), *[event()] * 5)
    assert len(lines) == 5


def test_a109_what_is_remembered_of_a_day_is_bounded(lines: list[logging.LogRecord]) -> None:
    log = EventLog()
    for number in range(1500):
        emit(log, event(), once=f"service shop {number}")
    assert len(log._days) <= 1000
    emit(log, event(), once="service shop 1499")
    assert len(lines) == 1500
