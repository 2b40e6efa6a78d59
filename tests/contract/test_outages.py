"""A short outage with ``stale_seconds``: who has passed goes on for a moment, and nothing new begins. Attack 111."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.stage import Open, Stage
from twofa_middleware.asks import EndPasses
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow

SECONDS = 30
STORE = {"url": "sqlite:///var/twofa.db", "stale_seconds": SECONDS}


@contextmanager
def outage(stage: Stage) -> Iterator[None]:
    """The store cannot be reached: its folder is not where it was, as when a disk has gone."""
    folder = stage.realm.store_file.parent
    folder.rename(folder.with_name("away"))
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        folder.with_name("away").rename(folder)


def opened(open_stage: Open, **changes: object) -> Stage:
    return open_stage(store=STORE, **changes)


def test_a111_without_the_option_an_outage_lets_nobody_by(stage: Stage) -> None:
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    with outage(stage):
        assert erin.go("/home").status == 503


def test_a111_a_pass_that_was_seen_goes_on_for_a_moment_and_no_longer(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    with outage(stage):
        for _ in range(3):
            assert erin.go("/home").body == b"secret page"
            stage.clock.on(SECONDS // 3)
        assert erin.go("/home").status == 200
        stage.clock.on(1)
        assert erin.go("/home").status == 503
    assert erin.go("/home").status == 200


def test_a111_nothing_new_begins(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    thief = stage.visitor("erin", "login-2")
    page = thief.go("/2fa/verify")
    with outage(stage):
        calls = len(stage.spy.calls)
        assert thief.go("/home").status == 503
        assert thief.fill(page, "/verify", code=erin.code()).status == 503
        assert stage.visitor("wendy").go("/home").status == 503
        assert erin.go("/2fa/profile").status in (404, 503)
        assert len(stage.spy.calls) == calls
    assert thief.fill(page, "/verify", code=erin.code()).status == 303


def test_a111_a_pass_is_good_for_its_own_log_in_alone(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    with outage(stage):
        erin.log_in("erin", "login-2")
        calls = len(stage.spy.calls)
        assert erin.go("/home").status != 200
        assert len(stage.spy.calls) == calls


def test_a111_a_remembered_browser_waits_for_the_store(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    erin.log_in("erin", "login-2")
    assert erin.verify(remember="1").status == 303
    assert erin.go("/home").status == 200
    erin.log_in("erin", "login-3")
    with outage(stage):
        assert erin.fetch("/home").status != 200
        assert erin.go("/home").status != 200
    assert erin.go("/home").status == 200


def test_a111_a_pass_for_which_nothing_was_needed_does_not_go_on_where_rules_start_now(open_stage: Open) -> None:
    stage = opened(open_stage, enforcement={"starts": "now"})
    wendy = stage.visitor("wendy")
    assert [wendy.go("/home").status for _ in range(2)] == [200, 200]
    with outage(stage):
        assert wendy.go("/home").status == 503


def test_a111_who_logs_out_in_the_outage_is_out(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    with outage(stage):
        assert erin.go("/logout", "POST").status == 503
        erin.log_in("erin", "login-1")
        assert erin.go("/home").status != 200


def test_a111_a_pass_that_has_ended_before_is_not_known(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200

    def act(desk: Desk) -> Flow[object]:
        return (yield from EndPasses(desk.sealer.user_key("erin"), stage.clock.now))

    stage.administer(act)
    assert erin.go("/home").status != 200  # this process has learned of it
    with outage(stage):
        assert erin.go("/home").status != 200


def test_a115_a_store_that_is_gone_is_no_outage(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    stage.realm.store_file.unlink()
    assert erin.go("/home").status == 503


def test_a111_a_clock_that_is_put_back_keeps_no_pass(open_stage: Open) -> None:
    stage = opened(open_stage)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    with outage(stage):
        stage.clock.on(-1)
        assert erin.go("/home").status == 503
