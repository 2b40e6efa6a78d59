"""What is written down of a whole walk, and what never is; only a right code opens anything. Attacks 48, 118 to 120."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

import pytest

from support.exchange import Reply
from support.realm import ORIGIN
from support.stage import Stage
from support.told import told
from support.visitor import Visitor, forms_of


def test_a119_a_whole_walk_is_written_down_without_a_secret(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The end of each test looks for every cookie, token, key and code in the logs; here many events are there to see."""
    erin = stage.visitor("erin")
    erin.fill(erin.go("/2fa/setup"), "/setup", code=erin.wrong_code())
    erin.set_up()
    stage.clock.on(30)
    erin.log_in(login="login-2")
    erin.go("/home")
    used = erin.code()
    erin.verify(erin.wrong_code())
    erin.verify(used, remember="1")
    erin.log_in(login="login-3")
    erin.go("/home")
    erin.verify(used)
    erin.recover("0000-0000-0000-0000")
    erin.recover(erin.codes[0])
    stage.clock.on(30)
    erin.confirm("codes")
    stage.clock.on(30)
    erin.fill(erin.go("/2fa/account"), "/logout")
    erin.log_in(login="login-4")
    erin.verify()
    stage.clock.on(30)
    erin.confirm("disable")
    assert [event["event"] for event in told(caplog)] == [
        "set-up begun", "set-up code wrong", "enrolled", "verify demanded", "code wrong", "code accepted",
        "browser remembered", "remembered browser used", "code used before", "code wrong", "code accepted",
        "code accepted", "recovery codes renewed", "pass ended", "logged out", "code accepted", "code accepted",
        "disabled by the user",
    ]  # fmt: skip
    assert {event["user"] for event in told(caplog) if event["event"] != "pass ended"} == {"erin"}
    assert used in erin.secrets
    assert len(erin.secrets) > 20


def test_what_the_log_has_told_the_store_has_too(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.go("/home")
    erin.fetch("/home", headers=[("Cookie", "2fa-pass-test-shop=x; 2fa-pass-test-shop=y")])
    erin.verify(erin.wrong_code())
    erin.verify()
    stage.exchange().request("GET", "/api", [("Authorization", "Bearer unread")])
    logged = sorted(event["event"] for event in told(caplog))
    assert {"verify demanded", "unread credential refused", "code wrong", "enrolled"} <= set(logged)
    until = time.monotonic() + 10
    while sorted(event.name for event in stage.events()) != logged and time.monotonic() < until:
        time.sleep(0.1)
    assert sorted(event.name for event in stage.events()) == logged


def test_a119_a_record_of_ours_shows_no_secret_when_it_is_printed(stage: Stage) -> None:
    from twofa_middleware.accounts.attempts import Prepared, RecoveryCode, TotpCode
    from twofa_middleware.asks import AccountRow, SetupRow

    printed = [
        repr(TotpCode("123456")),
        repr(RecoveryCode("abcd-efgh")),
        repr(Prepared(browser_token=b"canary", codes=("canary",))),
        repr(AccountRow(1, 1, b"r", {"x": b"canary"}, frozenset({b"canary"}))),
        repr(SetupRow(b"d", b"canary", 0, 0)),
    ]
    assert not re.search("123456|abcd|canary", " ".join(printed))


Send = Callable[[Visitor], Reply]


def _locked(erin: Visitor) -> Reply:
    form = forms_of(erin.go("/2fa/verify").text)[0].hidden
    replies = [erin.post("/2fa/verify", form | {"code": erin.wrong_code()}) for _ in range(5)]
    assert {reply.status for reply in replies} == {422}
    return erin.post("/2fa/verify", form | {"code": erin.code()})


def _moved(erin: Visitor) -> Reply:
    form = forms_of(erin.go("/2fa/verify").text)[0].hidden
    other = erin.elsewhere()
    other.log_in(login="login-9")
    other.recover(erin.codes[0])
    page = other.go("/2fa/codes?with=recovery")
    other.fill(page, "/codes", recovery=erin.codes[1])
    return erin.post("/2fa/verify", form | {"recovery": erin.codes[2]})


REFUSALS: dict[str, Send] = {
    "wrong": lambda erin: erin.verify(erin.wrong_code(), remember="1"),
    "past": lambda erin: erin.verify(erin.code(-300), remember="1"),
    "used": lambda erin: erin.verify(erin.code(-30), remember="1"),
    "blank": lambda erin: erin.verify("", remember="1"),
    "waiting": _locked,
    "recovery wrong": lambda erin: erin.recover("0000-0000-0000-0000", remember="1"),
    "recovery of an old set": _moved,
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a120_no_refusal_opens_a_pass_or_has_a_browser_remembered(stage: Stage, what: str) -> None:
    erin = stage.enrolled()
    erin.cookies.clear()
    erin.log_in(login="login-2")
    stage.clock.on(0)
    reply = REFUSALS[what](erin)
    assert reply.status in (422, 429)
    assert (erin.cookie("pass"), erin.cookie("browser")) == ("", "")
    assert erin.go("/home").status == 303
    assert stage.spy.calls == []


def test_a048_people_who_confirm_at_the_same_moment_all_pass(stage: Stage) -> None:
    people = []
    for number in range(6):
        visitor = stage.visitor(f"user-{number}")
        visitor.set_up()
        people.append(visitor)
    stage.clock.on(30)
    start = threading.Barrier(len(people))
    passed: list[tuple[str | None, int]] = []

    def confirm(visitor: Visitor) -> None:
        there = visitor.at(stage.wrap(stage.realm, stage.spy, "shop"), ORIGIN, "shop")
        there.log_in(f"user-{people.index(visitor)}", "login-2")
        page = there.go("/2fa/verify?next=/home")
        start.wait()
        passed.append((there.fill(page, "/verify", code=there.code()).header("location"), there.go("/home").status))

    threads = [threading.Thread(target=confirm, args=(visitor,)) for visitor in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == [("/home", 200)] * len(people)


def test_a051_of_one_code_sent_eight_times_at_once_one_passes(stage: Stage) -> None:
    erin = stage.enrolled()
    start = threading.Barrier(8)
    statuses: list[int] = []

    def confirm(number: int) -> None:
        there = erin.elsewhere().at(stage.wrap(stage.realm, stage.spy, "shop"), ORIGIN, "shop")
        there.log_in("erin", f"login-{number}")
        page = there.go("/2fa/verify")
        start.wait()
        statuses.append(there.fill(page, "/verify", code=there.code()).status)

    threads = [threading.Thread(target=confirm, args=(number,)) for number in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses)[:1] == [303]
    assert set(statuses[1:] + statuses[:1]) <= {303, 422, 429}
    assert statuses.count(303) == 1
