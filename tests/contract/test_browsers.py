"""Remembered browsers: who may skip the prompt, where, and for how long. Attacks 82 to 87, 109."""

from __future__ import annotations

import pytest

from support.stage import Open, Stage
from support.visitor import Visitor, forms_of

DAY = 86400


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    """Erin, whose browser is remembered; she has just logged in anew."""
    erin = stage.enrolled()
    remember(erin)
    erin.log_in(login="login-3")
    return erin


def remember(visitor: Visitor, login: str = "login-2") -> None:
    visitor.log_in(login=login)
    visitor.verify(remember="1")
    visitor.clock.on(30)


def test_a_remembered_browser_is_not_asked_at_the_next_log_in(erin: Visitor) -> None:
    assert erin.go("/home").status == 200


def test_a087_a_script_in_it_is_let_through_and_stores_nothing(erin: Visitor, stage: Stage) -> None:
    assert (erin.fetch("/api").status, erin.fetch("/api").all("set-cookie")) == (200, [])


def test_who_leaves_the_box_clear_is_asked_again(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify()
    assert erin.cookie("browser") == ""
    erin.log_in(login="login-3")
    assert erin.go("/home").status == 303


def test_a_recovery_code_may_have_the_browser_remembered_too(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.recover(erin.codes[0], remember="1")
    erin.log_in(login="login-3")
    assert erin.go("/home").status == 200


def test_a082_a_wrong_code_has_nothing_remembered(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(erin.wrong_code(), remember="1")
    assert erin.cookie("browser") == ""
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM browsers").fetchone() == (0,)


def test_a_remembered_browser_counts_in_every_app_of_the_realm(erin: Visitor, stage: Stage) -> None:
    there = stage.meets(erin, "office")
    there.log_in("erin", "login-4")
    assert there.go("/home").status == 200


def test_a084_it_is_remembered_for_its_user_alone(erin: Visitor, stage: Stage) -> None:
    wendy = stage.enrolled("wendy")
    wendy.log_in("wendy", "login-2")
    wendy.verify(remember="1")
    token = wendy.cookie("browser")
    thief = stage.visitor("erin", "login-4")
    name = next(name for name in erin.cookies if name.startswith("2fa-browser-"))
    thief.cookies |= {name: token} | {key: value for key, value in wendy.cookies.items() if "browser" in key}
    assert thief.go("/home").status == 303
    assert stage.spy.calls == []


def test_two_people_can_share_a_browser_that_is_remembered_for_both(erin: Visitor, stage: Stage) -> None:
    wendy = stage.enrolled("wendy")
    erin.cookies |= {"session": wendy.cookies["session"]}
    wendy.cookies.clear()
    wendy.cookies.update(erin.cookies)
    wendy.log_in("wendy", "login-2")
    wendy.verify(remember="1")
    for user in ("erin", "wendy"):
        wendy.log_in(user, "login-9")
        assert wendy.go("/home").status == 200


def test_a083_a_changed_token_is_none(erin: Visitor) -> None:
    name = next(name for name in erin.cookies if name.startswith("2fa-browser-"))
    right = erin.cookies[name]
    for value in (right[:-1] + ("A" if right[-1] != "A" else "Q"), "A" * 43, "", right + "=", right.swapcase()):
        erin.cookies[name] = value
        assert erin.go("/home").status == 303


def test_a086_it_is_remembered_for_90_days_by_the_servers_clock(erin: Visitor, stage: Stage) -> None:
    stage.clock.on(90 * DAY - 30 - 1)
    erin.log_in(login="login-4")
    assert erin.go("/home").status == 200
    stage.clock.on(1)
    erin.log_in(login="login-5")
    assert erin.go("/home").status == 303


def test_a086_it_is_not_remembered_longer_by_being_used(erin: Visitor, stage: Stage) -> None:
    for number in range(9):
        stage.clock.on(9 * DAY)
        erin.log_in(login=f"use-{number}")
        assert erin.go("/home").status == 200
    stage.clock.on(9 * DAY)
    erin.log_in(login="last")
    assert erin.go("/home").status == 303


def test_the_days_can_be_fewer(open_stage: Open) -> None:
    stage = open_stage(remember_days=1)
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    assert "No code needed here for 1 day." in erin.go("/2fa/verify").text
    erin.verify(remember="1")
    stage.clock.on(DAY)
    erin.log_in(login="login-3")
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("settings", [{"profile": "strict"}, {"remember_days": 0}])
def test_where_no_browser_is_remembered_there_is_no_box_and_no_way(
    open_stage: Open, settings: dict[str, object]
) -> None:
    stage = open_stage(**settings)
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    page = erin.go("/2fa/verify")
    assert "Remember this browser?" not in page.text
    form = forms_of(page.text)[0].hidden
    assert erin.post("/2fa/verify", form | {"code": erin.code(), "remember": "1"}).status == 303
    assert erin.cookie("browser") == ""
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM browsers").fetchone() == (0,)


def test_a_browser_remembered_before_the_profile_became_strict_is_asked(erin: Visitor, stage: Stage) -> None:
    assert stage.changed(profile="strict").meets(erin).go("/home").status == 303


@pytest.mark.parametrize("change", ["disable", "codes"])
def test_a085_a_change_of_factors_forgets_every_browser(erin: Visitor, stage: Stage, change: str) -> None:
    assert erin.confirm(change).status in (200, 303)
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM browsers").fetchone() == (0,)
    if change == "disable":
        stage.clock.on(30)
        erin.set_up()
    erin.log_in(login="login-4")
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("which", ["this", "all"])
def test_a085_a_browser_that_is_forgotten_is_asked_and_so_is_the_pass_that_rests_on_it(
    erin: Visitor, stage: Stage, which: str
) -> None:
    erin.go("/home")
    other = stage.visitor("erin", "login-4", key=erin.key)
    other.verify()
    page = other.go("/2fa/account")
    forms = [form for form in forms_of(page.text) if form.action == "/2fa/browsers"]
    form = forms[0] if which == "this" else forms[-1]
    assert (form.hidden["browser"] == "all") == (which == "all")
    reply = other.post("/2fa/browsers", form.hidden)
    assert "forgotten" in other.go(reply.header("location") or "").text
    assert (erin.go("/home").status, other.go("/home").status) == (303, 200)


def test_forgetting_this_browser_takes_its_cookie_away(erin: Visitor) -> None:
    page = erin.go("/2fa/account")
    assert "this browser" in page.text
    erin.fill(page, "/browsers", browser=forms_of(page.text)[0].hidden["browser"])
    assert erin.cookie("browser") == ""


@pytest.mark.parametrize(
    ("which", "done", "said"),
    [(0, "forgotten", "The browser is forgotten."), (-1, "all-forgotten", "All browsers are forgotten.")],
)
def test_who_forgets_the_browser_that_they_came_in_by_is_told_at_the_prompt(
    erin: Visitor, which: int, done: str, said: str
) -> None:
    forms = [form for form in forms_of(erin.go("/2fa/account").text) if form.action == "/2fa/browsers"]
    location = erin.post("/2fa/browsers", forms[which].hidden).header("location")
    assert location == f"/2fa/verify?done={done}"
    notice = f'<p class="message message-good" role="status">{said}</p>'
    assert notice in erin.go(location).text
    assert notice not in erin.go("/2fa/verify").text
    assert 'role="status"' not in erin.go("/2fa/verify?done=%3Cb%3E").text
    assert erin.go("/home").status == 303


def test_nobody_forgets_the_browsers_of_another(erin: Visitor, stage: Stage) -> None:
    wendy = stage.enrolled("wendy")
    digest = forms_of(erin.go("/2fa/account").text)[0].hidden["browser"]
    wendy.log_in("wendy", "login-2")
    wendy.verify(remember="1")
    form = forms_of(wendy.go("/2fa/account").text)[0].hidden
    wendy.post("/2fa/browsers", form | {"browser": digest})
    erin.log_in(login="login-9")
    assert erin.go("/home").status == 200


@pytest.mark.parametrize("browser", ["", "0", "x" * 64, "ALL", "zz", "../x"])
def test_a_form_that_names_no_browser_is_refused(erin: Visitor, browser: str) -> None:
    form = forms_of(erin.go("/2fa/account").text)[0].hidden
    assert erin.post("/2fa/browsers", form | {"browser": browser}).status == 400


def test_a_guess_with_the_password_alone_forgets_nothing(erin: Visitor, stage: Stage) -> None:
    thief = stage.visitor("erin", "login-4")
    reply = thief.post("/2fa/browsers", {"token": "x", "browser": "all"})
    assert reply.header("location") == "/2fa/verify?next=/2fa/account"
    assert erin.go("/home").status == 200


def test_a109_at_most_twenty_browsers_are_remembered(stage: Stage) -> None:
    erin = stage.enrolled()
    first = erin
    remember(first)
    for number in range(20):
        other = stage.visitor("erin", f"login-x{number}", key=erin.key)
        other.verify(remember="1")
        stage.clock.on(30)
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM browsers").fetchone() == (20,)
    first.log_in(login="login-9")
    assert first.go("/home").status == 303


def test_a109_at_most_twenty_passes_that_nobody_proved_are_kept(erin: Visitor, stage: Stage) -> None:
    for number in range(25):
        erin.log_in(login=f"again-{number}")
        erin.cookies.pop("2fa-pass-test-shop", None)
        assert erin.go("/home").status == 200
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM passes WHERE proven = 0").fetchone() == (20,)
