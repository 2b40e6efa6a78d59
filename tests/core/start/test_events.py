"""The sink ``log``: one JSON object a line, loud where it is our fault. And what is not told with every request."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.accounts.audit import EVENTS
from twofa_middleware.courier.at_once import AtOnce
from twofa_middleware.events.fields import as_json, fields_of
from twofa_middleware.events.log import Log, LogOptions
from twofa_middleware.protocol import Event, PluginContext, Sink

DAY = 86400
NOON = 20_000 * DAY + DAY // 2
LOG = Log(LogOptions(), PluginContext("test", "shop", Path("/"), asynchronous=False))
DOCS = Path(__file__).parents[3] / "docs"


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


def take(*events: Event) -> None:
    for one in events:
        LOG.take(one)


def test_a_line_says_when_what_happened_where_to_whom_and_how(lines: list[logging.LogRecord]) -> None:
    take(event(user="5", label="erin", facts={"by": "totp", "left": 4}))
    assert lines[0].getMessage() == (
        '{"at": "2024-10-04T12:00:00Z", "event": "code wrong", "severity": "info", "app": "shop", "user": "5", '
        '"label": "erin", "by": "totp", "left": 4}'
    )


def test_what_is_not_known_is_empty_so_that_every_line_has_the_same_keys(lines: list[logging.LogRecord]) -> None:
    take(event("identities ambiguous"))
    assert json.loads(lines[0].getMessage()) == {
        "at": "2024-10-04T12:00:00Z", "event": "identities ambiguous", "severity": "info",
        "app": "shop", "user": "", "label": "",
    }  # fmt: skip


def test_no_fact_takes_the_place_of_a_key_of_every_line(lines: list[logging.LogRecord]) -> None:
    take(event(user="5", facts={"user": "1", "at": 0, "role": "Chef"}))
    said = json.loads(lines[0].getMessage())
    assert (said["user"], said["at"], said["role"]) == ("5", "2024-10-04T12:00:00Z", "Chef")


@given(st.text(), st.text(), st.text(), st.text())
def test_a107_no_name_breaks_the_line_and_every_name_comes_back(app: str, user: str, label: str, fact: str) -> None:
    line = as_json(fields_of(Event("x", 0, app, user, {"fact": fact}, label=label)))
    assert line.isprintable()
    assert line.isascii()
    said = json.loads(line)
    assert (said["app"], said["user"], said["label"], said["fact"]) == (app, user, label, fact)


@pytest.mark.parametrize(
    "user", ["erin\n{}", "erin\r", "\u2028", "\x85", "\x1b[2J", "\x7f", '", "app": "x', "\udcff", "%s %d {0}"]
)
def test_a107_a_name_that_looks_like_a_line_stays_a_name(lines: list[logging.LogRecord], user: str) -> None:
    take(event(user=user))
    [record] = lines
    line = logging.Formatter().format(record)
    assert line.isprintable()
    assert line.splitlines() == [line]
    assert json.loads(record.getMessage())["user"] == user


def test_usual_events_are_information_and_faults_are_errors_with_their_traceback(
    lines: list[logging.LogRecord],
) -> None:
    error = ValueError("odd")
    take(event(), event("refused", severity="warning"), event("our fault", error=error, severity="error"))
    assert [record.levelname for record in lines] == ["INFO", "WARNING", "ERROR"]
    assert [record.exc_info and record.exc_info[1] for record in lines] == [None, None, error]
    assert lines[2].exc_info is not None
    assert logging.Formatter().formatException(lines[2].exc_info).endswith("ValueError: odd")


def test_events_go_to_a_logger_of_their_own(lines: list[logging.LogRecord]) -> None:
    take(event())
    assert lines[0].name == "twofa_middleware.events"


# ---- once a day -----------------------------------------------------------------------------------------------------


def test_an_event_that_repeats_is_told_once_a_day() -> None:
    key = "service shop 5"
    sinks = AtOnce([])
    assert [sinks.is_repeated(key, at) for at in (NOON, NOON + 1, NOON + DAY // 2 - 1)] == [False, True, True]
    assert not sinks.is_repeated(key, NOON + DAY // 2)


def test_other_keys_and_other_processes_have_days_of_their_own() -> None:
    sinks = AtOnce([])
    assert not sinks.is_repeated("service shop 5", NOON)
    assert not sinks.is_repeated("service shop 6", NOON)
    assert not AtOnce([]).is_repeated("service shop 5", NOON)


def test_events_without_a_key_are_all_told() -> None:
    sinks = AtOnce([])
    assert not any(sinks.is_repeated(None, NOON) for _ in range(5))


def test_a109_what_is_remembered_of_a_day_is_bounded() -> None:
    sinks = AtOnce([])
    assert not any(sinks.is_repeated(f"service shop {number}", NOON) for number in range(1500))
    assert len(sinks._days) <= 1000
    assert sinks.is_repeated("service shop 1499", NOON)


# ---- a sink that raises ---------------------------------------------------------------------------------------------


class Fragile:
    """A sink that breaks and is mended."""

    Options = LogOptions
    is_immediate = True
    place = ""

    def __init__(self) -> None:
        self.is_broken = True
        self.taken: list[Event] = []

    def take(self, event: Event) -> None:
        if self.is_broken:
            raise RuntimeError("the disk is full")
        self.taken.append(event)

    def deliver(self, events: object) -> None:
        raise NotImplementedError


def test_a_sink_that_raises_disturbs_nobody_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    fragile, sound = Fragile(), Fragile()
    sound.is_broken = False
    named: list[tuple[str, Sink]] = [("fragile", fragile), ("sound", sound)]
    sinks = AtOnce(named)
    for _ in range(3):
        sinks.tell(event())
    assert len(sound.taken) == 3
    [record] = caplog.records
    assert record.getMessage() == "the sink fragile did not take an event"
    assert record.exc_info is not None
    fragile.is_broken = False
    sinks.tell(event())
    fragile.is_broken = True
    sinks.tell(event())
    assert (len(fragile.taken), len(caplog.records)) == (1, 2)


# ---- the page -------------------------------------------------------------------------------------------------------


def rows_of(part: str) -> dict[str, str]:
    """The first two columns of the tables below a heading of the page."""
    text = (DOCS / "events.md").read_text(encoding="utf-8").partition(f"## {part}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {name.strip("`"): meaning for name, meaning in rows}


def test_the_page_names_every_event_with_its_meaning_and_no_other() -> None:
    of_the_courier = {"events lost", "events unreadable"}
    described = rows_of("All events")
    assert {name: meaning for name, meaning in described.items() if name not in of_the_courier} == {
        name: meaning for name, meaning in EVENTS.items() if name not in of_the_courier
    }
    assert of_the_courier <= set(described)


def test_the_page_names_the_keys_of_a_line_in_their_order() -> None:
    assert list(rows_of("The log")) == list(fields_of(event()))
