"""Set-up begun: a secret that the server makes, for one browser, user, generation and ten minutes."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import ERIN, NOW, SECRET, SITE, USER, attempt, code, disabled_row
from core.flows.setting_up import FLOW, NOBODY, confirming, setup_row
from core.flows.stepping import Stepped, failing_at_each, step
from core.flows.written import left, names, seen
from twofa_middleware.accounts.account import open_account
from twofa_middleware.accounts.enrol import SETUP_SECONDS, Setup, begin
from twofa_middleware.asks import BeginSetup, Begun, Emit, Random, ReadSetup, SetupRow, TakeAttempt
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.protocol import Login, Person

OTHER_FLOW = b"g" * 32


def begun(row: SetupRow | None, *script: Any) -> Stepped[Setup]:
    """A set-up is asked for, and this is the row that the store has."""
    return step(begin(SITE, ERIN, NOBODY, FLOW, NOW), (ReadSetup, row), *script)


def test_a_setup_is_begun_with_a_secret_of_160_bits_that_the_server_makes() -> None:
    flow = begin(SITE, ERIN, NOBODY, FLOW, NOW)
    assert next(flow) == ReadSetup(USER, FLOW, NOW)
    wish: Any = flow.send(None)
    assert wish.size * 8 == 160


def test_a063_the_store_gets_the_secret_sealed_for_this_browser_and_user_for_ten_minutes() -> None:
    flow = begin(SITE, ERIN, NOBODY, FLOW, NOW)
    next(flow)
    flow.send(None)
    flow.send(SECRET)
    notes: Any = flow.send(b"n" * 12)
    asked: Any = flow.send(bytes(notes.size))
    assert (asked.user, asked.now) == (USER, NOW)
    assert asked.setup == SetupRow(FLOW, setup_row().record, NOW, NOW + 600)
    assert SECRET not in asked.setup.record
    assert SETUP_SECONDS == 600


def test_that_it_was_begun_and_by_whom_is_written_with_it_and_told_then() -> None:
    done = begun(None, (BeginSetup, Begun(setup_row(), True)))
    assert done.kinds == [ReadSetup, BeginSetup, Emit]
    assert names(done.one(BeginSetup).notes) == {"begun": ["set-up begun"]}
    assert seen(done.one(BeginSetup).notes) == Person("5", "erin")
    assert done.events == ["set-up begun"]


def test_a_setup_that_was_begun_is_shown_again_and_no_new_secret_is_made() -> None:
    done = begun(setup_row())
    assert done.result.secret == SECRET
    assert [type(ask) for ask in done.asked] == [ReadSetup]


def test_what_another_request_began_in_between_is_what_is_shown() -> None:
    done = begun(None, (BeginSetup, Begun(setup_row(), False)))
    assert done.result.secret == SECRET
    assert (done.events, left(done)) == ([], [])


@pytest.mark.parametrize(
    "planted",
    [
        setup_row(OTHER_FLOW),
        setup_row(login=Login("6")),
        setup_row(account=open_account(SITE.sealer, USER, disabled_row())),
        SetupRow(FLOW, bytes(53), NOW, NOW + 600),
    ],
    ids=["another browser's", "another user's", "another generation's", "planted"],
)
def test_a063_a_setup_that_was_not_made_for_just_this_is_unreadable(planted: SetupRow) -> None:
    moved = SetupRow(FLOW, planted.record, planted.opened_at, planted.expires_at)
    with pytest.raises(UnreadableRecord):
        begun(moved)
    with pytest.raises(UnreadableRecord):
        step(confirming(code()), (TakeAttempt, attempt(setup=moved)))


def test_a_setup_shows_no_secret_in_its_repr() -> None:
    done = begun(setup_row())
    assert repr(done.result) == "Setup()"


def test_a020_an_error_while_it_is_begun_comes_out_and_ends_the_flow() -> None:
    script = ((ReadSetup, None), (BeginSetup, Begun(setup_row(), True)))
    reached = [kinds[-1] for kinds in failing_at_each(lambda: begin(SITE, ERIN, NOBODY, FLOW, NOW), *script)]
    assert reached == [ReadSetup, Random, Random, Random, BeginSetup, Emit]
