"""Modes off and report let everybody by and alter nothing; health answers in all of them. Attacks 1, 20."""

from __future__ import annotations

from typing import Any

import pytest

from support.stage import Open, Stage

ENFORCED: dict[str, Any] = {
    "enforcement": {"pinned": ["Chef"]},
    "roles": {"use": "static", "users": {"wendy": ["Chef"]}},
}


@pytest.mark.parametrize("mode", ["off", "report"])
def test_without_enforce_a_password_alone_reaches_the_app(open_stage: Open, mode: str) -> None:
    open_stage().enrolled()
    stage = open_stage(mode=mode)
    assert stage.visitor("erin", "login-2").go("/home").body == b"secret page"
    assert stage.visitor("erin", "login-2").fetch("/api/tasks").status == 200


def test_an_app_may_have_another_mode_than_its_realm(open_stage: Open) -> None:
    open_stage().enrolled()
    stage = open_stage(mode="report", shop={"mode": "enforce"}, office={"mode": None})
    assert stage.visitor("erin", "login-2").go("/home").status == 303
    assert stage.visitor("erin", "login-2", app="office").go("/home").body == b"secret page"


def test_report_says_what_it_would_have_done_once_a_day_and_user(
    open_stage: Open, caplog: pytest.LogCaptureFixture
) -> None:
    open_stage().enrolled()
    stage = open_stage(mode="report", **ENFORCED)
    caplog.clear()
    for user in ("erin", "wendy"):
        visitor = stage.visitor(user, "login-2")
        assert [visitor.go("/home").status, visitor.go("/").status] == [200, 200]
    told = [record.getMessage() for record in caplog.records if "let by in report" in record.getMessage()]
    assert len(told) == 2
    assert "verify demanded" in told[0]
    assert "setup demanded" in told[1]


def test_the_app_gets_what_was_sent_and_only_our_cookies_are_taken_out(open_stage: Open) -> None:
    stage = open_stage(mode="report")
    erin = stage.visitor("erin")
    erin.cookies |= {"2fa-pass-test-shop": "forged-pass", "remember_token": "kept-token"}
    erin.go("/static/logo.svg", headers=[("Authorization", "Bearer unread")])
    (call,) = stage.spy.calls
    assert call.headers.get("authorization") == "Bearer unread"
    assert "remember_token=kept-token" in call.headers["cookie"]
    assert "session=" in call.headers["cookie"]
    assert "2fa-" not in call.headers["cookie"]


def test_in_report_a_store_that_is_down_stops_nobody(open_stage: Open) -> None:
    stage = open_stage(mode="report")
    erin = stage.visitor("erin")
    stage.realm.store_file.unlink()
    assert erin.go("/home").body == b"secret page"


def test_in_report_people_can_set_up_before_the_gate_closes(open_stage: Open) -> None:
    stage = open_stage(mode="report")
    erin = stage.enrolled()
    assert open_stage().meets(erin).go("/home").body == b"secret page"
    assert open_stage().visitor("erin", "login-2").go("/home").status == 303


def test_off_leaves_our_addresses_to_the_app(open_stage: Open) -> None:
    stage = open_stage(mode="off")
    stage.visitor("erin").go("/2fa/account")
    assert [call.path for call in stage.spy.calls] == ["/2fa/account"]


@pytest.mark.parametrize("mode", ["off", "report"])
def test_another_mode_than_enforce_is_told_at_the_first_request(
    open_stage: Open, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = open_stage(mode=mode)
    stage.visitor().go("/home")
    stage.visitor().go("/home")
    told = [record for record in caplog.records if "mode is not enforce" in record.getMessage()]
    assert [record.levelname for record in told] == ["WARNING"]
    assert mode in told[0].getMessage()


# ---- health ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["off", "report", "enforce"])
def test_health_answers_without_a_log_in_in_every_mode(open_stage: Open, mode: str) -> None:
    stage = open_stage(mode=mode)
    visitor = stage.visitor()
    assert visitor.fetch("/2fa/health/live").body == b'{"status": "live"}'
    reply = visitor.fetch("/2fa/health/ready")
    assert (reply.status, reply.body) == (200, b'{"status": "ready"}')
    assert reply.header("cache-control") == "no-store"
    assert stage.spy.calls == []


def test_without_its_store_a_server_lives_and_is_not_ready(stage: Stage) -> None:
    visitor = stage.visitor()
    stage.realm.store_file.unlink()
    assert visitor.fetch("/2fa/health/live").status == 200
    reply = visitor.fetch("/2fa/health/ready")
    assert (reply.status, reply.body) == (503, b'{"status": "not ready"}')


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "live", 405), ("HEAD", "live", 200), ("GET", "x", 404), ("GET", "", 404)]
)
def test_health_has_no_other_address_and_no_other_method(stage: Stage, method: str, path: str, status: int) -> None:
    assert stage.visitor().fetch(f"/2fa/health/{path}", method).status == status
    assert stage.spy.calls == []
