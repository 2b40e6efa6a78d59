"""``twofa status``: how the realm is, on one page."""

from __future__ import annotations

import re
import time

import pytest

from core.cli.conftest import Twofa
from support.stage import Open, Stage
from twofa_middleware.asks import AddCounts, Done
from twofa_middleware.cli import status as module
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow

KEYS = {"realm", "name", "store", "apps", "roles", "people", "people_counted_up_to", "days", "counts"}
KEYS |= {"second_factor_on", "unreadable", "users_looked_at"}
TODAY = int(time.time()) // 86400


def count(stage: Stage, day: int, **counts: int) -> None:
    def act(desk: Desk) -> Flow[object]:
        return (yield from AddCounts(day, {name.replace("_", " "): number for name, number in counts.items()}))

    assert stage.administer(act) == Done()


def test_a_realm_that_works_is_code_0(twofa: Twofa, stage: Stage) -> None:
    done = twofa("status")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Realm             test: Test Portal",
        "Store             sqlite, answers",
        "App shop          mode enforce",
        "App office        mode enforce",
        "Pinned roles      none",
        "Enforced roles    none",
        "People seen       0",
        "Second factor on  0",
    ]


def test_with_json_it_has_stable_keys(twofa: Twofa, stage: Stage) -> None:
    document = twofa("status", "--json").document
    assert document.keys() == KEYS
    assert document["store"] == {"scheme": "sqlite", "answers": True}
    assert document["apps"] == {name: {"mode": "enforce", "refused": None} for name in ("shop", "office")}


def test_a_mode_that_lets_everybody_by_is_marked(twofa: Twofa, open_realm: Open) -> None:
    open_realm(mode="report", office={"mode": "off"})
    out = twofa("status").out
    assert re.search(r"App shop +mode report +<- lets everybody by", out)
    assert re.search(r"App office +mode off +<- lets everybody by", out)


def test_an_app_that_does_not_start_is_marked_with_the_reason(twofa: Twofa, open_realm: Open) -> None:
    open_realm(office={"identity": [{"use": "CHOOSE"}]})
    done = twofa("status")
    assert done.code == 0
    (line,) = [line for line in done.out.splitlines() if "does NOT start: " in line]
    assert "[apps.office] identity 1: in place of" in line
    assert "CHOOSE" in twofa("status", "--json").document["apps"]["office"]["refused"]


def test_secrets_that_an_operator_does_not_have_are_not_missed(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWOFA_TEST_SECRET")
    assert "does NOT start" not in twofa("status").out


def test_people_and_enforced_roles_are_told(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(enforcement={"pinned": ["Root"]}, roles={"use": "static", "users": {"ada": ["Root"]}})
    stage.enrolled("erin")
    stage.visitor("wendy").go("/2fa/setup")
    stage.enforce("Cook")
    document = twofa("status", "--json").document
    assert (document["people"], document["roles"]) == (2, {"pinned": ["Root"], "enforced": ["Cook"]})


def test_people_are_counted_up_to_a_bound(twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        stage.visitor(f"user-{number}").go("/2fa/setup")
    monkeypatch.setattr(module, "_PAGE", 2)
    assert twofa("status", "--json").document["people"] == 5
    monkeypatch.setattr(module, "MOST_COUNTED", 4)
    assert "People seen       4 or more" in twofa("status").out


def test_second_factors_that_are_on_are_counted_and_those_that_cannot_be_read(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("ada", "erin", "xena"):
        stage.enrolled(user)
    stage.visitor("wendy").go("/2fa/setup")
    monkeypatch.setattr(module, "_PAGE", 2)
    assert "Second factor on  3\n" in twofa("status").out
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = X'00' WHERE user = (SELECT min(user) FROM accounts)")
    document = twofa("status", "--json").document
    assert (document["second_factor_on"], document["unreadable"], document["users_looked_at"]) == (2, 1, 4)
    assert "Second factor on  2; 1 cannot be read under this key ring" in twofa("status").out
    monkeypatch.setattr(module, "MOST_COUNTED", 3)
    assert re.search(r"Second factor on  [12] among the first 3 users", twofa("status").out)
    assert twofa("status", "--json").document["users_looked_at"] == 3


def test_decisions_of_the_last_7_days_are_added_up_by_app(twofa: Twofa, stage: Stage) -> None:
    count(stage, TODAY, shop_passed=3, shop_verify=1, office_would_setup=2)
    count(stage, TODAY - 6, shop_passed=4)
    count(stage, TODAY - 7, shop_passed=100)
    assert twofa("status", "--json").document["counts"] == {
        "office": {"would setup": 2},
        "shop": {"passed": 7, "verify": 1},
    }
    table = twofa("status").out.split("\n\n")[1].splitlines()
    assert [line.split() for line in table] == [
        ["APP", "DECISION", "LAST", "7", "DAYS"],
        ["office", "would", "setup", "2"],
        ["shop", "passed", "7"],
        ["shop", "verify", "1"],
    ]


def test_a_store_that_is_gone_is_code_1_and_the_settings_are_shown_all_the_same(twofa: Twofa, stage: Stage) -> None:
    stage.realm.store_file.unlink()
    done = twofa("status")
    assert done.code == 1
    assert "Store         sqlite, does NOT answer" in done.out
    assert re.fullmatch(r"twofa: there is no store at [^\n]+\n", done.err)
    document = twofa("status", "--json").document
    assert document.keys() == {*KEYS, "error"}
    assert (document["store"]["answers"], document["people"], document["counts"]) == (False, None, None)


def test_a_redis_is_told_by_its_scheme_alone(twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFA__STORE", "redis://operator:canary@127.0.0.1:1/0")
    done = twofa("status")
    assert done.code == 1
    assert re.search(r"Store +redis, does NOT answer", done.out)
    assert "canary" not in done.out + done.err
    assert "canary" not in twofa("status", "--json").out


def test_a_flag_that_does_not_open_is_told_though_the_store_answers(twofa: Twofa, stage: Stage) -> None:
    stage.enforce("Cook")
    with stage.database() as db:
        db.execute("UPDATE roles SET record = X'00'")
    done = twofa("status", "--json")
    assert (done.code, done.document["store"]["answers"]) == (1, True)
    assert done.document["roles"]["enforced"] is None
