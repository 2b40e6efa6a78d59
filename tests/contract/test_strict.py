"""Paths for which the store is asked each time: there nothing counts that this process remembers. Attacks 6 and 111."""

from __future__ import annotations

import pytest

from contract.test_outages import STORE, outage
from support.stage import Open, Stage
from support.visitor import Visitor
from twofa_middleware.asks import EndPasses
from twofa_middleware.desk import Desk
from twofa_middleware.errors import ConfigError
from twofa_middleware.protocol import Flow

STRICT = ["ANY /admin/**", "POST /transfer"]
ASKS_MORE = [
    "/admin/", "/admin/users", "/admin/users/5/edit", "/admin", "/ADMIN/users", "//admin/users", "/./admin/users",
    "/%2e/admin/users", "/a/../admin/users", "/admin;x=1/users", "/%2fadmin/users", "/%61dmin/users", "/admin%2fusers",
    "/x/%2e%2e/admin", "/\\admin\\users", "/home;x", "/home//", "/admin/users?next=/home",
]  # fmt: skip
"""What is strict, or may be read as what is; at worst the store is asked once more."""
ASKS_NO_MORE = ["/home", "/administer", "/x/admin/users", "/transfer", "/home?x=/admin/users"]


def opened(open_stage: Open) -> Stage:
    return open_stage(store=STORE, shop={"strict": STRICT})


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return opened(open_stage)


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    erin = stage.enrolled()
    assert [erin.go(path).status for path in ("/home", "/admin/users")] == [200, 200]
    return erin


@pytest.mark.parametrize("path", ASKS_MORE)
def test_a006_a111_nothing_that_is_kept_answers_for_a_strict_path_in_any_spelling(
    stage: Stage, erin: Visitor, path: str
) -> None:
    with outage(stage):
        calls = len(stage.spy.calls)
        assert (erin.go(path).status, erin.fetch(path).status, erin.fetch(path, "DELETE").status) == (503, 503, 503)
        assert len(stage.spy.calls) == calls
        assert erin.go("/home").status == 200
    assert erin.go(path).status == 200


@pytest.mark.parametrize("path", ASKS_NO_MORE)
def test_other_paths_are_as_without_the_rule(stage: Stage, erin: Visitor, path: str) -> None:
    with outage(stage):
        assert erin.go(path).status == 200


def test_a_rule_with_a_method_holds_for_that_method(stage: Stage, erin: Visitor) -> None:
    with outage(stage):
        assert erin.fetch("/transfer", "POST").status == 503
        assert erin.fetch("/transfer").status == 200


def test_without_rules_no_path_is_strict_however_odd(open_stage: Open) -> None:
    stage = open_stage(store=STORE)
    erin = stage.enrolled()
    assert erin.go("//home").status == 200
    with outage(stage):
        assert erin.go("//home").status == 200


def test_a_strict_path_has_the_same_decisions_and_passes(stage: Stage) -> None:
    erin = stage.enrolled()
    assert erin.go("/admin/users").status == 200
    thief = stage.visitor("erin", "login-2")
    assert (thief.go("/admin/users").status, thief.fetch("/admin/users").status) == (303, 403)
    wendy = stage.visitor("wendy")
    assert wendy.go("/admin/users").status == 200
    assert wendy.go("/home").status == 200
    assert stage.visitor().go("/admin/users").status == 200  # who is nobody is the app's own affair


def test_what_was_ended_elsewhere_is_over_at_once(stage: Stage, erin: Visitor) -> None:
    def act(desk: Desk) -> Flow[object]:
        return (yield from EndPasses(desk.sealer.user_key("erin"), stage.clock.now))

    stage.administer(act)
    assert erin.go("/admin/users").status == 303


@pytest.mark.parametrize("rule", ["/admin/**", "ANY admin", "ANY /a/**/b"])
def test_what_is_no_rule_stops_the_start(open_stage: Open, rule: str) -> None:
    with pytest.raises(ConfigError, match=r"\[apps.shop\] strict"):
        open_stage(shop={"strict": [rule]}).visitor()
