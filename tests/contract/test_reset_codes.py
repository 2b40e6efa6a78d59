"""After an administrator's reset: open to the password, or by the one-time code that the act made. S9; attacks 58 to 64."""

from __future__ import annotations

import pytest

from support.stage import ADA, Open, Stage
from support.visitor import Visitor
from twofa_middleware.accounts.administer import Reset, SwitchedOff, disable, look_at
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow, Person


def reset(stage: Stage, user: str = "erin") -> str:
    """Switch somebody's second factor off; the one-time code."""

    def act(desk: Desk) -> Flow[Reset]:
        seen = yield from look_at(desk, Person(user), stage.clock.now)
        return (yield from disable(desk, ADA, seen, "lost phone", stage.clock.now))

    done = stage.administer(act)
    assert isinstance(done, SwitchedOff)
    return done.code


@pytest.fixture
def coded(open_stage: Open) -> Stage:
    return open_stage(admin={"after_reset": "code"})


def set_up(visitor: Visitor, **fields: str) -> int:
    page = visitor.go("/2fa/setup")
    return visitor.fill(page, "/setup", code=visitor.code(), **fields).status


def test_by_default_a_reset_lets_in_with_the_password_and_the_set_up_is_open(stage: Stage) -> None:
    erin = stage.enrolled()
    assert reset(stage) == ""
    erin.log_in(login="login-2")
    assert erin.go("/home").body == b"secret page"
    assert set_up(erin) == 200


def test_a_reset_ends_sessions_and_forgets_browsers(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    assert erin.go("/home").body == b"secret page"
    reset(stage)
    with stage.database() as db:
        counted = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("passes", "browsers")]
    assert counted == [0, 0]


def test_with_codes_the_password_is_not_enough_to_set_up_again(coded: Stage) -> None:
    coded.enrolled()
    code = reset(coded)
    thief = coded.visitor("erin", "login-9")
    page = thief.go("/2fa/setup").text
    assert "One-time code from your administrator" in page
    for wrong in ("", "0000-0000-0000-0000", code[:-1]):
        assert set_up(thief, reset=wrong) == 422
        coded.clock.on(30)
    erin = coded.visitor("erin", "login-2")
    assert set_up(erin, reset=code.upper().replace("-", " ")) == 200
    assert erin.go("/home").body == b"secret page"


def test_with_codes_who_needs_no_second_factor_gets_in_and_who_needs_one_does_not(open_stage: Open) -> None:
    roles = {"use": "static", "users": {"wendy": ["Chef"]}}
    coded = open_stage(admin={"after_reset": "code"}, roles=roles, enforcement={"pinned": ["Chef"]})
    for user, status in (("erin", 200), ("wendy", 303)):
        coded.enrolled(user)
        reset(coded, user)
        assert coded.visitor(user, "login-9").go("/home").status == status


def test_the_one_time_code_works_once(coded: Stage) -> None:
    erin = coded.enrolled()
    code = reset(coded)
    assert set_up(erin, reset=code) == 200
    coded.clock.on(30)
    erin.confirm("disable")
    erin.log_in(login="login-2")
    assert "One-time code" not in erin.go("/2fa/setup").text


def test_a_second_reset_makes_the_first_code_worthless(coded: Stage) -> None:
    erin = coded.enrolled()
    first, second = reset(coded), reset(coded)
    assert first != second
    assert set_up(erin, reset=first) == 422
    coded.clock.on(30)
    assert set_up(erin, reset=second) == 200


def test_a_code_for_one_person_is_none_for_another(coded: Stage) -> None:
    coded.enrolled("erin")
    coded.enrolled("wendy")
    mine, hers = reset(coded, "erin"), reset(coded, "wendy")
    assert mine != hers
    assert set_up(coded.visitor("erin", "login-2"), reset=hers) == 422


def test_guesses_of_the_one_time_code_are_counted_like_codes(coded: Stage) -> None:
    coded.enrolled()
    reset(coded)
    thief = coded.visitor("erin", "login-9")
    said = [set_up(thief, reset="0000-0000-0000-0000") for _ in range(5)]
    assert said == [422] * 5
    page = thief.go("/2fa/setup")
    assert "Too many tries" in page.text


def test_a_writer_to_the_store_does_not_get_rid_of_the_code(coded: Stage) -> None:
    coded.enrolled()
    reset(coded)
    with coded.database() as db:
        roster = db.execute("SELECT roster FROM accounts").fetchone()[0]
        at = roster.index(b"\x00\x90") if b"\x00\x90" in roster else len(roster) // 2
        db.execute("UPDATE accounts SET roster = ?", (roster[:at] + b"\x00\x90\xc4\x00" + roster[-16:],))
    assert coded.visitor("erin", "login-2").go("/2fa/setup").status == 503


def test_who_was_stopped_may_set_up_again_after_a_reset(stage: Stage) -> None:
    erin = stage.enrolled()
    with stage.database() as db:
        user = db.execute("SELECT user FROM accounts").fetchone()[0]
        db.executemany("INSERT INTO tries (user, kind, at) VALUES (?, 'totp', ?)", [(user, stage.clock.now)] * 50)
    reset(stage)
    erin.log_in(login="login-2")
    assert set_up(erin) == 200
