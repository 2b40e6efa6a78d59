"""The pass: to whom and what it is bound, and how long it lasts. Attacks 30, 77, 78, 80, 81, 83, 84, 88."""

from __future__ import annotations

import base64

import pytest

from support.realm import SIGNED_COOKIE
from support.spy import HTML, Told, log_in
from support.stage import Open, Stage

DAY = 86400


def test_a077_other_sessions_verify_after_turn_on(stage: Stage) -> None:
    other = stage.visitor("erin", "login-2")
    assert other.go("/home").status == 200
    erin = stage.enrolled()
    assert (erin.go("/home").status, other.go("/home").status) == (200, 303)


@pytest.mark.parametrize("change", ["codes", "disable"])
def test_a077_other_sessions_verify_after_a_change_of_factors(stage: Stage, change: str) -> None:
    erin = stage.enrolled()
    other = stage.visitor("erin", "login-2", key=erin.key)
    other.verify()
    stage.clock.on(30)
    old = other.cookie("pass")
    assert erin.confirm(change).status in (200, 303)
    assert erin.go("/home").status == 200
    other.go("/home")
    assert other.cookie("pass") != old or change == "codes"
    assert other.go("/home").status == (303 if change == "codes" else 200)


def test_a078_a_pass_that_was_planted_before_is_not_the_one_that_is_proven(stage: Stage) -> None:
    erin = stage.enrolled()
    planted = erin.cookie("pass")[:-1] + ("A" if erin.cookie("pass")[-1] != "A" else "Q")
    victim = stage.visitor("erin", "login-2", key=erin.key)
    victim.cookies["2fa-pass-test-shop"] = planted
    victim.verify()
    assert victim.cookie("pass") != planted
    attacker = stage.visitor("erin", "login-2")
    attacker.cookies["2fa-pass-test-shop"] = planted
    assert attacker.go("/home").status == 303


def test_a078_an_unproven_pass_is_dead_once_it_was_proven(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    erin.log_in(login="login-3")
    erin.go("/home")
    copied = erin.cookie("pass")
    stage.clock.on(30)
    erin.verify()
    with stage.database() as db:
        assert len(db.execute("SELECT 1 FROM passes WHERE proven = 0").fetchall()) == 0
    thief = stage.visitor("erin", "login-3")
    thief.cookies["2fa-pass-test-shop"] = copied
    assert thief.go("/home").status == 303


def test_a030_a_pass_is_for_its_user_alone(stage: Stage) -> None:
    stage.enrolled("wendy")
    erin = stage.enrolled("erin")
    erin.log_in("wendy", "login-1")
    assert erin.go("/home").status == 303
    erin.log_in("erin", "login-1")
    assert erin.go("/home").status == 200


def test_a080_the_pass_of_one_user_is_none_for_the_next_in_the_same_browser(stage: Stage) -> None:
    stage.enrolled("wendy")
    erin = stage.enrolled("erin")
    stage.spy.calls.clear()
    erin.log_in("wendy", "login-9")
    assert erin.go("/home").status == 303
    assert stage.spy.calls == []


def test_a081_a_pass_is_for_its_session_alone(stage: Stage) -> None:
    erin = stage.enrolled()
    thief = stage.visitor("erin", "login-2")
    thief.cookies["2fa-pass-test-shop"] = erin.cookie("pass")
    assert thief.go("/home").status == 303
    assert stage.spy.calls == []


def test_a084_a_pass_is_for_its_app_alone(stage: Stage) -> None:
    erin = stage.enrolled()
    there = stage.meets(erin, "office")
    there.log_in()
    there.cookies["2fa-pass-test-office"] = erin.cookie("pass")
    assert there.go("/home").status == 303
    assert stage.spies["office"].calls == []


def test_a084_nor_is_it_for_another_app_where_no_session_tells_them_apart(open_stage: Open) -> None:
    blind = {key: value for key, value in SIGNED_COOKIE.items() if key != "session"}
    office = {"identity": [blind | {"cookie": "office_session"}]}
    stage = open_stage(shop={"identity": [blind]}, office=office)
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    there = stage.meets(erin, "office")
    there.log_in()
    there.cookies["2fa-pass-test-office"] = erin.cookie("pass")
    assert (there.go("/home").status, stage.spies["office"].calls) == (303, [])


def test_a083_no_changed_character_of_a_pass_is_a_pass(stage: Stage) -> None:
    erin = stage.enrolled()
    right = erin.cookie("pass")
    for at in range(len(right)):
        erin.cookies["2fa-pass-test-shop"] = right[:at] + ("A" if right[at] != "A" else "B") + right[at + 1 :]
        assert erin.go("/home").status == 303, at
    erin.cookies["2fa-pass-test-shop"] = right
    assert erin.go("/home").status == 200


NO_PASS = ["", ".", "true", "admin", "{user}.", ".{token}", "{user}.{token}=", "{user}..{token}", "{user}.{token}.x"]
NO_PASS += ["{both}" * 9, base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + ".e30.", "{user}.{digest}"]


@pytest.mark.parametrize("value", NO_PASS)
def test_a083_nothing_else_is_a_pass(stage: Stage, value: str) -> None:
    erin = stage.enrolled()
    user, _, token = erin.cookie("pass").partition(".")
    with stage.database() as db:
        digest = base64.urlsafe_b64encode(db.execute("SELECT digest FROM passes").fetchone()[0]).decode().rstrip("=")
    forged = value.format(user=user, token=token, both=f"{user}.{token}", digest=digest)
    erin.cookies["2fa-pass-test-shop"] = forged
    assert erin.go("/home").status == 303
    assert stage.spy.calls == []


def test_a088_an_old_session_cookie_brings_no_old_pass_back(stage: Stage) -> None:
    erin = stage.enrolled()
    old = dict(erin.cookies)
    erin.fill(erin.go("/2fa/account"), "/logout")
    erin.cookies.update(old)
    assert erin.go("/home").status == 303


def test_a_pass_lasts_a_day_and_not_a_second_longer(stage: Stage) -> None:
    erin = stage.visitor("erin")
    erin.set_up()
    stage.clock.on(DAY - 1)
    assert erin.go("/home").status == 200
    stage.clock.on(1)
    assert erin.go("/home").status == 303


def test_a_pass_does_not_last_longer_by_being_used(stage: Stage) -> None:
    erin = stage.visitor("erin")
    erin.set_up()
    for _ in range(23):
        stage.clock.on(3600)
        assert erin.go("/home").status == 200
    stage.clock.on(3600)
    assert erin.go("/home").status == 303


def test_a_pass_from_the_future_is_none(stage: Stage) -> None:
    erin = stage.visitor("erin")
    stage.clock.on(200)
    erin.set_up()
    stage.clock.on(-200)
    assert erin.go("/home").status == 303


def test_in_the_profile_strict_a_pass_ends_after_an_hour_without_use(open_stage: Open) -> None:
    stage = open_stage(profile="strict")
    erin = stage.enrolled()
    stage.clock.on(-30)
    for _ in range(3):
        stage.clock.on(3599)
        assert erin.go("/home").status == 200
    stage.clock.on(3600)
    assert erin.go("/home").status == 303


def test_in_the_profile_classic_a_pass_ends_by_no_idleness(stage: Stage) -> None:
    erin = stage.enrolled()
    stage.clock.on(23 * 3600)
    assert erin.go("/home").status == 200


def test_no_pass_goes_out_with_an_answer_that_shared_caches_may_keep(open_stage: Open) -> None:
    shared = [
        [("Cache-Control", "public")],
        [("Cache-Control", "max-age=60")],
        [("cache-control", "must-revalidate, S-MaxAge=60")],
        [("Expires", "Wed, 21 Oct 2099 07:28:00 GMT")],
    ]
    kept = [
        [],
        [("Cache-Control", "private, max-age=60")],
        [("Cache-Control", "no-store"), ("Expires", "Wed, 21 Oct 2099 07:28:00 GMT")],
        [("Expires", "0")],
    ]
    routes = {
        f"/{kind}{number}": (lambda call, more=more: Told(200, [HTML, *more]))
        for kind, rows in (("shared", shared), ("kept", kept))
        for number, more in enumerate(rows)
    }
    stage = open_stage(routes=routes)
    for path in routes:
        opened = stage.visitor("wendy").go(path).all("set-cookie")
        assert bool(opened) == path.startswith("/kept"), path


def test_a_log_in_that_shared_caches_may_keep_gets_no_pass_but_its_answer(open_stage: Open) -> None:
    def cached(call: object) -> Told:
        told = log_in(call)  # type: ignore[arg-type]
        return Told(200, [*told.headers, ("Cache-Control", "public"), ("Content-Type", "text/plain")], b"page")

    visitor = open_stage(routes={"/login": cached}).visitor()
    assert visitor.go("/login?user=wendy", "POST").body == b"page"
    assert ("session" in visitor.cookies, visitor.cookie("pass")) == (True, "")
