"""``twofa doctor`` on apps that see nobody, by real counters and events of the store."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.cli.conftest import Twofa
from support.realm import SIGNED_COOKIE
from support.stage import Open, Stage
from twofa_middleware.accounts.audit import noted
from twofa_middleware.asks import REALM, AddCounts, Note, Sweep
from twofa_middleware.cli.weak_logins import LEAST_ANONYMOUS, OTHER_COOKIE, UNREAD, UNSEEN
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Event, Flow

DAY_SECONDS = 86400


def found(twofa: Twofa) -> dict[str, Any]:
    """What of this page's findings there is, by name."""
    named = {one["name"]: one for one in twofa("doctor", "--json").document["findings"]}
    return {name: one for name, one in named.items() if name in ("app sees nobody", "log-in cookie that nobody reads")}


def count(stage: Stage, days_ago: int = 0, **counts: int) -> None:
    day = int(time.time()) // DAY_SECONDS - days_ago
    named = {name.replace("_", " "): number for name, number in counts.items()}
    stage.administer(lambda desk: _asked(AddCounts(day, named)))


def write(stage: Stage, name: str, days_ago: int = 0, *, carried: bool = True) -> None:
    now = int(time.time())
    event = Event(name, now - days_ago * DAY_SECONDS, "shop", facts={"cookie": "odd", "sets": "odd"})

    def act(desk: Desk) -> Flow[None]:
        yield from noted(desk, {"done": [event]}, lambda notes: Note(REALM, event.at, notes))
        if carried:
            yield from Sweep(now, 10)

    stage.administer(act)


def _asked(ask: Any) -> Flow[Any]:
    return (yield from ask)


@pytest.mark.parametrize("carried", [True, False], ids=["carried", "waiting"])
@pytest.mark.parametrize("name", [UNSEEN, UNREAD, OTHER_COOKIE])
def test_an_app_that_sees_nobody_is_told_by_its_events(twofa: Twofa, stage: Stage, name: str, carried: bool) -> None:
    write(stage, name, carried=carried)
    finding = found(twofa)["app sees nobody"]
    assert (finding["severity"], twofa("doctor").code) == ("warning", 1)
    assert "app shop sees nobody" in finding["found"]
    assert name in finding["found"]
    assert "odd" in finding["found"]
    assert "[apps.shop]" in finding["remedy"]


def test_an_app_that_sees_nobody_is_told_by_its_counters(twofa: Twofa, stage: Stage) -> None:
    count(stage, shop_anonymous=LEAST_ANONYMOUS - 1)
    assert not found(twofa)
    count(stage, days_ago=6, shop_anonymous=1)
    assert f"{LEAST_ANONYMOUS} requests of nobody" in found(twofa)["app sees nobody"]["found"]


@pytest.mark.parametrize("name", [UNSEEN, UNREAD])
@pytest.mark.parametrize("decision", ["passed", "verify", "setup"])
def test_an_app_that_sees_somebody_is_not_told_of(twofa: Twofa, stage: Stage, name: str, decision: str) -> None:
    write(stage, name)
    count(stage, **{"shop_anonymous": 10 * LEAST_ANONYMOUS, f"shop_{decision}": 1})
    assert not found(twofa)


def test_what_is_older_than_a_week_does_not_count(twofa: Twofa, stage: Stage) -> None:
    write(stage, UNSEEN, days_ago=8)
    count(stage, days_ago=7, shop_anonymous=LEAST_ANONYMOUS)
    assert not found(twofa)


def test_another_app_that_sees_somebody_hides_nothing(twofa: Twofa, stage: Stage) -> None:
    write(stage, UNSEEN)
    count(stage, office_passed=5)
    assert "app shop sees nobody" in found(twofa)["app sees nobody"]["found"]


def test_a_log_in_cookie_that_nobody_reads_is_a_note_where_somebody_is_seen(twofa: Twofa, stage: Stage) -> None:
    write(stage, OTHER_COOKIE)
    count(stage, shop_passed=1)
    assert {name: one["severity"] for name, one in found(twofa).items()} == {"log-in cookie that nobody reads": "note"}


def test_a_gate_that_cannot_read_the_session_cookie_is_told_of(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(shop={"identity": [SIGNED_COOKIE | {"salt": "another one"}]})
    stage.visitor("erin").go("/home")
    stage.exchange().runtime.close()  # type: ignore[attr-defined]
    told = found(twofa)["app sees nobody"]["found"]
    assert told.endswith(f"1 request of nobody and none of anybody; {UNREAD} (cookie session)")
