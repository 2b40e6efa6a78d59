"""A request that was decided a moment ago asks nobody; what has changed since is decided anew at once. Attacks 6, 76 to 79,
111.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contract.conftest import OpenBoth
from support.both_ways import BothWays, Gated
from support.doors import door
from support.realm import SIGNED_COOKIE, make_realm, session_cookie
from support.spy import HTML, Behaviour, Call, Told, logging_in
from support.stage import ADA, Stage
from support.visitor import Visitor
from twofa_middleware.accounts.administer import disable, forget, look_at
from twofa_middleware.asks import TOUCH_SECONDS, EndPasses
from twofa_middleware.hot_path import CLOCK_SECONDS
from twofa_middleware.protocol import Person

Opens = Callable[..., BothWays]


def again(call: Call) -> Told:
    """The app signs the session anew that it has got, as Flask does."""
    value = session_cookie("erin", "login-1", at=1_800_000_000 + len(call.query))
    return Told(200, [HTML, ("Set-Cookie", f"session={value}; Path=/; HttpOnly")])


ROUTES: dict[str, Behaviour] = {
    "/again": again,
    "/out": lambda call: Told(200, [HTML, ("Set-Cookie", "session=; Path=/; Max-Age=0")]),
    "/frank": logging_in("frank", "login-9"),
    "/erin-anew": logging_in("erin", "login-9"),
    "/broken": logging_in(cookie="session=e30.broken.signature; Path=/"),
    "/theme": lambda call: Told(200, [HTML, ("Set-Cookie", "theme=dark; Path=/")]),
}


@pytest.fixture
def opens(open_both: OpenBoth) -> Opens:
    """``opens(shop=…)``: the app behind its two gates, with these settings."""
    return partial(open_both, ROUTES)


@pytest.fixture
def shop(opens: Opens) -> Gated:
    return opens().short


# ---- what asks nobody -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["erin", "wendy"])
def test_who_was_let_in_is_let_in_again_without_a_question(shop: Gated, user: str) -> None:
    somebody = shop.known(user)
    for method in ("GET", "POST", "GET"):
        assert somebody.go("/home", method).body == b"secret page"
        assert somebody.fetch("/api/things?page=2", method).body == b"secret page"
    assert shop.asked == []
    assert all(call.headers["cookie"].startswith("session=") for call in shop.spy.calls)
    assert not any("2fa-" in call.headers["cookie"] for call in shop.spy.calls)


def test_nobody_and_exempt_paths_ask_nothing(shop: Gated) -> None:
    erin = shop.known()
    nobody, decided = shop.visitor(), shop.decided
    for path in ("/home", "/static/logo.svg"):
        assert nobody.go(path).status == 200
    nobody.cookies["theme"] = "dark"
    assert nobody.fetch("/home").status == 200
    assert erin.go("/static/logo.svg").status == 200
    assert "cookie" not in shop.spy.calls[-1].headers
    assert (shop.asked, shop.decided) == ([], decided)


def test_one_request_a_second_asks_the_store(shop: Gated) -> None:
    erin = shop.known()
    for second in range(1, 4):
        shop.at = float(second)
        for _ in range(3):
            assert erin.go("/home").status == 200
        assert shop.asked == ["Look"] * second


def test_a_request_of_which_somebody_else_knows_the_pass_asks_in_its_turn_too(shop: Gated) -> None:
    """It is known by its bytes, and by its pass and log-in: neither lets it by when it is its turn to ask."""
    erin = shop.known()
    erin.cookies["theme"] = "dark"
    assert erin.go("/home").status == 200
    assert shop.asked == []
    shop.at = 1.0
    assert erin.go("/home").status == 200
    assert shop.asked == ["Look"]


def test_other_cookies_of_the_app_are_no_reason_to_ask(shop: Gated) -> None:
    erin = shop.known()
    for theme in ("dark", "light"):
        erin.cookies["theme"] = theme
        assert erin.go("/home").status == 200
    assert shop.asked == []
    assert shop.spy.calls[-1].headers["cookie"].endswith("theme=light")


def test_a_session_that_is_signed_anew_goes_on_without_a_question(shop: Gated) -> None:
    erin = shop.known()
    for turn in range(1, 4):
        before = erin.cookies["session"]
        assert erin.go("/again?" + "x" * turn).status == 200
        assert erin.cookies["session"] != before
        assert erin.go("/home").status == 200
        assert erin.cookies["session"] in shop.spy.calls[-1].headers["cookie"]
    assert shop.asked == []


def test_a_cookie_that_nobody_reads_may_be_set(shop: Gated) -> None:
    erin = shop.known()
    assert erin.go("/theme").header("set-cookie") == "theme=dark; Path=/"
    assert erin.go("/home").status == 200
    assert shop.asked == []


# ---- answers that have to be looked at ------------------------------------------------------------------------------


def test_a078_a_log_in_as_somebody_else_in_an_answer_is_asked_for_a_code(shop: Gated) -> None:
    frank = shop.visitor("frank", "login-8")
    frank.set_up()
    shop.realm.clock.on(30)
    erin = shop.known()
    reply = erin.go("/frank")
    assert (reply.status, b"secret" in reply.body, "x-secret" in dict(reply.headers)) == (303, False, False)
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("path", ["/erin-anew", "/broken", "/out"])
def test_a079_another_log_in_of_the_same_person_and_none_are_decided_about(shop: Gated, path: str) -> None:
    erin = shop.known()
    before = dict(erin.cookies)
    erin.go(path)
    assert shop.asked != []
    calls = len(shop.spy.calls)
    erin.cookies = before
    assert erin.go("/home").status == 303
    assert len(shop.spy.calls) == calls


def test_a_cookie_of_ours_that_the_app_sets_never_goes_out(shop: Gated) -> None:
    erin = shop.known()
    for visitor in (erin, shop.visitor()):
        reply = visitor.go("/sets-ours")
        assert (reply.status, [line for line in reply.all("set-cookie") if "planted" in line]) == (200, [])


# ---- what ends it ---------------------------------------------------------------------------------------------------


def logs_out(stage: Stage, erin: Visitor) -> None:
    assert erin.go("/logout", "POST").status < 400


def presses_our_button(stage: Stage, erin: Visitor) -> None:
    assert erin.fill(erin.go("/2fa/account"), "/logout").status == 303


def loses_the_session(stage: Stage, erin: Visitor) -> None:
    assert erin.go("/out").status == 200


def comes_without_a_session(stage: Stage, erin: Visitor) -> None:
    erin.log_out()
    assert erin.go("/home").status == 200


def logs_in_anew(stage: Stage, erin: Visitor) -> None:
    erin.go("/login?user=erin&login=login-7", "POST")


def makes_new_codes(stage: Stage, erin: Visitor) -> None:
    assert erin.confirm("codes").status == 200


def disables_and_sets_up_anew(stage: Stage, erin: Visitor) -> None:
    assert erin.confirm("disable").status == 303
    stage.clock.on(30)
    assert erin.set_up().status == 200


def is_reset_by_an_administrator(stage: Stage, erin: Visitor) -> None:
    def act(desk: Any) -> Any:
        seen = yield from look_at(desk, Person("erin"), stage.clock.now)
        return (yield from disable(desk, ADA, seen, "lost phone", stage.clock.now))

    stage.administer(act)


def is_forgotten_by_an_administrator(stage: Stage, erin: Visitor) -> None:
    stage.administer(lambda desk: forget(desk, ADA, Person("erin"), "", stage.clock.now))


def has_all_passes_ended(stage: Stage, erin: Visitor) -> None:
    stage.administer(lambda desk: EndPasses(desk.user_key("erin"), stage.clock.now).__iter__())


def has_the_pass_deleted_in_the_file(stage: Stage, erin: Visitor) -> None:
    with stage.database() as db:
        db.execute("DELETE FROM passes")


ENDS = [
    logs_out,
    presses_our_button,
    loses_the_session,
    comes_without_a_session,
    logs_in_anew,
    makes_new_codes,
    disables_and_sets_up_anew,
    is_reset_by_an_administrator,
    is_forgotten_by_an_administrator,
    has_all_passes_ended,
    has_the_pass_deleted_in_the_file,
]


@pytest.mark.parametrize("where", ["here", "in another process"])
@pytest.mark.parametrize("ends", ENDS)
def test_a006_a_pass_that_ends_is_known_no_more(
    opens: Opens, ends: Callable[[Stage, Visitor], None], where: str
) -> None:
    both = opens()
    shop = both.short
    erin = shop.known()
    before = dict(erin.cookies)
    other = erin if where == "here" else erin.at(both.long.exchange, erin.origin, "shop")
    ends(Stage(shop.realm, {"shop": shop.spy}, lambda *_: None), other)  # type: ignore[arg-type, return-value]
    shop.forget_what_was()
    erin.cookies = before
    reply = erin.go("/home")
    assert "Look" in shop.asked
    if ends is not is_reset_by_an_administrator:  # then there is no factor to ask for
        assert (reply.status, shop.spy.calls) == (303, [])


def test_it_ends_with_the_pass(shop: Gated) -> None:
    erin = shop.known()
    shop.realm.clock.on(24 * 3600 - 31)
    assert erin.go("/home").status == 200
    assert shop.asked == []
    shop.realm.clock.on(1)
    assert erin.go("/home").status == 303
    assert shop.asked[0] == "Look"


def test_it_ends_with_the_log_in(opens: Opens) -> None:
    shop = opens(shop={"identity": [SIGNED_COOKIE | {"max_age_seconds": 600}]}).short
    erin = shop.known()
    shop.realm.clock.on(600 - 31)
    assert erin.go("/home").status == 200
    assert ("session=" in shop.spy.calls[-1].headers["cookie"], shop.asked) == (True, [])
    shop.realm.clock.on(2)
    decided = shop.decided
    assert erin.go("/home").status == 200
    assert ("cookie" in shop.spy.calls[-1].headers, shop.decided) == (False, decided + 1)


def test_a_session_that_was_signed_anew_ends_with_what_it_was_known_by(opens: Opens) -> None:
    shop = opens(shop={"identity": [SIGNED_COOKIE | {"max_age_seconds": 600}]}).short
    erin = shop.known()
    assert erin.go("/again?" + "x" * 60).status == 200  # signed 60 seconds later: still good when the first one is not
    assert erin.go("/home").status == 200
    assert shop.asked == []
    shop.realm.clock.on(600 - 30)
    decided = shop.decided
    assert erin.go("/home").status == 200
    assert ("session=" in shop.spy.calls[-1].headers["cookie"], shop.decided) == (True, decided + 1)


def test_where_a_pass_ends_when_idle_its_use_is_noted(opens: Opens) -> None:
    shop = opens(profile="strict").short
    erin = shop.known()
    assert erin.go("/home").status == 200
    assert shop.asked == []
    for _ in range(5):
        shop.realm.clock.on(TOUCH_SECONDS)
        shop.asked.clear()
        assert erin.go("/home").status == 200
        assert shop.asked == ["Look", "TouchPass"]
    shop.realm.clock.on(3600)
    assert erin.go("/home").status == 303


@pytest.mark.parametrize(("back", "asked"), [(CLOCK_SECONDS, []), (CLOCK_SECONDS + 1, ["Look"])])
def test_a_clock_that_is_put_back_is_believed_for_a_minute(shop: Gated, back: int, asked: list[str]) -> None:
    erin = shop.known()
    shop.realm.clock.on(-back)
    erin.go("/home")
    assert shop.asked[:1] == asked


def test_another_key_ring_ends_all_that_is_known(shop: Gated) -> None:
    erin = shop.known()
    ring = shop.hot.gate.site.sealer.live_ring
    ring._ring = ring._ring.with_new_key()
    assert erin.go("/home").status == 200
    assert shop.asked == ["Look"]


def test_where_rules_start_now_nothing_is_known_of_who_needed_nothing(opens: Opens) -> None:
    shop = opens(enforcement={"starts": "now"}).short
    wendy, erin = shop.known("wendy"), shop.known()
    for _ in range(3):
        assert wendy.go("/home").status == 200
    assert shop.asked.count("Look") == 3
    shop.asked.clear()
    assert erin.go("/home").status == 200
    assert shop.asked == []


def test_a_store_that_refuses_ends_all_that_is_known(shop: Gated) -> None:
    erin = shop.known()
    file = shop.realm.store_file
    away = file.with_name("away")
    file.rename(away)
    assert erin.go("/home").status == 503
    away.rename(file)
    assert shop.spy.calls == []


@pytest.mark.parametrize("mode", ["off", "report"])
def test_in_another_mode_nothing_is_remembered(adapter: str, tmp_path: Path, mode: str) -> None:
    gate = door(adapter)(None, make_realm(tmp_path, mode=mode).settings, name="shop")
    assert gate._shortcut is None
    gate.runtime.close()
