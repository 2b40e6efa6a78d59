"""How many codes may be tried, over all forms, apps, browsers and addresses together. Attacks 33 to 42, 46, 47, 110."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.exchange import Reply
from support.stage import Stage
from support.visitor import Visitor, forms_of

STOP = 50


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    return stage.enrolled()


@pytest.fixture
def thief(stage: Stage, erin: Visitor) -> Visitor:
    """One who has erin's password, and, for what codes would be right, a look at her phone."""
    return stage.visitor("erin", "login-2", key=erin.key)


Try = Callable[[str], Reply]


def form(visitor: Visitor, path: str = "verify", field: str = "code") -> Try:
    """A form that was loaded once, to be sent with one code after the other."""
    page = visitor.go(f"/2fa/{path}" + ("?with=recovery" if field == "recovery" else ""))
    hidden = forms_of(page.text)[0].hidden
    return lambda code: visitor.post(f"/2fa/{path}", hidden | {field: code})


def lock(visitor: Visitor, times: int = 5) -> Reply:
    for _ in range(times - 1):
        visitor.verify(visitor.wrong_code())
    return visitor.verify(visitor.wrong_code())


def stop(visitor: Visitor, but: int = 0) -> None:
    """Fifty wrong codes, each as soon as it is allowed."""
    lock(visitor)
    for _ in range(STOP - 5 - but):
        visitor.clock.on(3600)
        visitor.verify(visitor.wrong_code())
    visitor.clock.on(3600)


def test_a033_five_wrong_codes_and_the_form_is_gone_for_30_seconds(thief: Visitor, stage: Stage) -> None:
    left = ["4 tries left", "3 tries left", "2 tries left", "1 try left before a pause of 30 seconds."]
    for words in left:
        assert words in thief.verify(thief.wrong_code()).text
    assert "Try again at 08:01:00 (UTC)" in thief.verify(thief.wrong_code()).text
    page = thief.go("/2fa/verify")
    assert ('name="code"' in page.text, "Too many tries. Try again at 08:01:00 (UTC)." in page.text) == (False, True)
    stage.clock.on(30)
    assert 'name="code"' in thief.go("/2fa/verify").text


def test_a033_the_wait_doubles_up_to_an_hour(thief: Visitor, stage: Stage) -> None:
    lock(thief, 4)
    waits = []
    for _ in range(9):
        send = form(thief)
        assert send(thief.wrong_code()).status == 422
        waits.append(int(send(thief.wrong_code()).header("retry-after") or 0))
        stage.clock.on(waits[-1])
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a046_while_waiting_the_right_code_gets_the_answer_of_a_wrong_one(thief: Visitor, stage: Stage) -> None:
    send = form(thief)
    lock(thief)
    wrong, right = send(thief.wrong_code()), send(thief.code())
    assert (wrong.status, wrong.headers, wrong.body) == (429, right.headers, right.body)
    assert thief.go("/home").status == 303
    stage.clock.on(30)
    assert thief.verify().status == 303


def test_a033_a036_of_a_thousand_codes_a_handful_is_looked_at(thief: Visitor, stage: Stage) -> None:
    send = form(thief)
    assert [send(f"{number:06}").status for number in range(100)] == [422] * 5 + [429] * 95
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM tries").fetchone() == (5,)


def test_a034_a_new_log_in_or_browser_begins_no_new_count(thief: Visitor, stage: Stage) -> None:
    sixth = form(stage.visitor("erin", "login-9"))
    for number in range(5):
        other = stage.visitor("erin", f"login-{number}", key=thief.key)
        assert other.verify(other.wrong_code()).status == 422
    assert sixth(thief.code()).status == 429


def test_a035_no_cookie_of_before_brings_tries_back(thief: Visitor) -> None:
    send = form(thief)
    before = dict(thief.cookies)
    lock(thief)
    thief.cookies.clear()
    thief.cookies.update(before)
    assert send(thief.code()).status == 429


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"])
def test_a037_a038_a039_no_address_counts_so_none_has_to_be_believed(thief: Visitor, name: str) -> None:
    hidden = forms_of(thief.go("/2fa/verify").text)[0].hidden
    tries = [
        thief.post("/2fa/verify", hidden | {"code": thief.wrong_code()}, [(name, f"2001:db8::{number}")]).status
        for number in range(6)
    ]
    assert tries == [422] * 5 + [429]


@pytest.mark.parametrize(
    "net", ["203.0.113.{}", "2001:db8:1:2::{}", "2001:db8:{}::1"], ids=["IPv4", "one /64", "a /48 each"]
)
def test_a037_a039_nobody_gets_more_tries_by_coming_from_elsewhere(thief: Visitor, net: str) -> None:
    def status(code: str, number: int) -> int:
        address = net.format(number)
        came_by = {"REMOTE_ADDR": address} if thief.exchange.name == "wsgi" else {"client": (address, 4711)}
        return thief.send(filled | {"code": code}, [("Origin", thief.origin)], server=came_by).status

    filled = thief.filled()
    assert [status(thief.wrong_code(), number) for number in range(1, 7)] == [422] * 5 + [429]
    assert status(thief.code(), 7) == 429


def test_a040_a_thief_with_an_account_of_his_own_clears_nothing(thief: Visitor, stage: Stage) -> None:
    mallory = stage.enrolled("mallory")
    send = form(thief)
    lock(thief, 4)
    mallory.log_in("mallory", "login-2")
    assert mallory.verify().status == 303
    assert (send(thief.wrong_code()).status, send(thief.code()).status) == (422, 429)


def test_a042_all_forms_and_apps_share_one_budget(erin: Visitor, stage: Stage) -> None:
    there = stage.meets(erin, "office")
    there.log_in("erin", "login-3")
    sends = [form(erin, "disable"), form(erin, "codes"), form(there)]
    assert erin.confirm("disable", erin.wrong_code()).status == 422
    assert erin.confirm("codes", erin.wrong_code()).status == 422
    assert there.verify(there.wrong_code()).status == 422
    assert erin.confirm("disable", erin.wrong_code()).status == 422
    assert there.verify(there.wrong_code()).status == 422
    assert [send(erin.code()).status for send in sends] == [429, 429, 429]
    assert "<strong>on</strong>" in erin.go("/2fa/account").text


def test_a042_the_set_up_counts_into_the_same_budget(stage: Stage) -> None:
    wendy = stage.visitor("wendy")
    for _ in range(5):
        page = wendy.go("/2fa/setup")
        assert wendy.fill(page, "/setup", code=wendy.wrong_code()).status == 422
    page = wendy.go("/2fa/setup")
    assert ("otpauth" in page.text, "Too many tries" in page.text) == (False, True)
    stage.clock.on(30)
    assert "otpauth" in wendy.go("/2fa/setup").text


def test_a041_a_right_code_ends_the_wait_and_forgets_no_failure_of_the_month(thief: Visitor, stage: Stage) -> None:
    lock(thief, 4)
    assert thief.verify().status == 303
    thief.log_in(login="login-3")
    stage.clock.on(30)
    assert "4 tries left" in thief.verify(thief.wrong_code()).text
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM tries").fetchone() == (5,)


def test_a033_after_fifty_wrong_codes_no_code_is_looked_at(thief: Visitor, stage: Stage) -> None:
    stop(thief)
    thief.log_in(login="login-3")
    page = thief.go("/2fa/verify")
    assert "Codes are switched off for this account after too many tries." in page.text
    assert 'name="code"' not in page.text
    assert thief.go("/home").status == 303


def test_a033_nor_is_one_looked_at_that_is_sent_all_the_same(thief: Visitor, stage: Stage) -> None:
    stop(thief, but=1)
    send = form(thief)
    send(thief.wrong_code())
    stage.clock.on(3500)
    reply = send(thief.code())
    assert (reply.status, reply.header("retry-after")) == (429, None)
    assert "Use a recovery code, or ask Service desk, ext. 4711 to help." in reply.text


def test_a033_a_stop_does_not_end_by_waiting(thief: Visitor, stage: Stage) -> None:
    stop(thief)
    stage.clock.on(29 * 86400)
    thief.log_in(login="login-3")
    assert "Codes are switched off" in thief.go("/2fa/verify").text
    stage.clock.on(20 * 86400)
    thief.log_in(login="login-4")
    assert "Codes are switched off" in thief.go("/2fa/verify").text


@pytest.mark.parametrize("exhaust", [lock, stop])
def test_a047_no_thief_locks_a_pass_or_a_remembered_browser_out(
    erin: Visitor, thief: Visitor, exhaust: Callable[[Visitor], object]
) -> None:
    erin.log_in(login="login-3")
    erin.verify(remember="1")
    exhaust(thief)
    assert erin.go("/home").status == 200
    erin.log_in(login="login-4")
    assert erin.go("/home").status == 200


def test_a047_a_recovery_code_clears_a_stop(erin: Visitor, thief: Visitor, stage: Stage) -> None:
    stop(thief)
    erin.log_in(login="login-3")
    assert erin.recover(erin.codes[0]).status == 303
    stage.clock.on(30)
    erin.log_in(login="login-4")
    assert erin.verify().status == 303


def test_a110_recovery_codes_have_a_budget_of_ten_an_hour_of_their_own(thief: Visitor, erin: Visitor) -> None:
    lock(thief)
    send = form(thief, field="recovery")
    assert [send(f"0000-0000-0000-00{number:02}").status for number in range(10)] == [422] * 10
    assert thief.go("/2fa/verify?with=recovery").status == 200
    reply = send(erin.codes[0])
    assert (reply.status, reply.header("retry-after"), thief.go("/home").status) == (429, "3600", 303)
    thief.clock.on(3600)
    assert form(thief, field="recovery")(erin.codes[0]).status == 303
