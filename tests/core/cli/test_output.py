"""Tables, times, and texts that may come from anybody."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.cli.conftest import Terminal
from twofa_middleware.cli.output import iso, plain, say, say_document, table

EVIL = "a\x00\x1b[31m\r\n\t\x7f\x85\x9b\u200b\u202e\u2028\ud800b"


@given(some.text() | some.just(EVIL))
def test_a_plain_text_is_one_line_of_what_prints(text: str) -> None:
    assert plain(text).isprintable()
    assert text != plain(text) or text.isprintable()


def test_letters_of_any_script_stay_as_they_are() -> None:
    assert plain("Zoë Žižek 山田 Ελένη") == "Zoë Žižek 山田 Ελένη"


def test_times_are_utc_in_iso_8601() -> None:
    assert iso(1_800_000_000) == "2027-01-15T08:00:00Z"
    assert iso(0) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("at", [2**62, -(2**62)])
def test_a_time_that_no_calendar_has_stays_a_number(at: int) -> None:
    assert iso(at) == str(at)


def test_a_table_is_aligned_and_numbers_stand_to_the_right() -> None:
    assert table([{"NAME": "ada", "N": 5}, {"NAME": "wendy", "N": 1000}]) == "NAME      N\nada       5\nwendy  1000"


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    assert table([{"A": "x", "B": "", "C": 0}]) == "A  C\nx  0"


def test_wide_letters_take_two_columns_and_accents_none() -> None:
    assert table([{"A": "山田", "B": "x"}, {"A": "e\u0301e", "B": "y"}]).splitlines()[1:] == [
        "山田  x",
        "e\u0301e    y",
    ]


def test_a_narrow_terminal_cuts_the_widest_of_those_that_may_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    lines = table([{"ID": "i" * 10, "A": "山" * 30, "B": "b" * 12}], shrinks=("A", "B")).splitlines()
    assert lines[1] == f"{'i' * 10}  {'山' * 6}…   {'b' * 12}"  # half a letter is none


def test_what_may_not_shrink_stays_whole_on_any_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "10")
    assert table([{"ID": "i" * 50, "A": "a" * 50}], shrinks=("A",)).splitlines()[1] == f"{'i' * 50}  {'a' * 7}…"


def test_what_a_stream_cannot_encode_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    say("Zoë…")
    assert written.getvalue() == b"Zo\\xeb\\u2026\n"


def test_a_document_is_plain_ascii_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say_document({"name": EVIL})
    out = capsys.readouterr().out
    assert out.isascii()
    assert all(char.isprintable() or char == "\n" for char in out)
    assert json.loads(out) == {"name": EVIL}
