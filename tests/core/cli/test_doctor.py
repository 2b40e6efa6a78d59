"""``twofa doctor``: each finding on a real store, and none where all is well."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from core.cli.conftest import Twofa
from support.redis_servers import a_replica_of, a_server, new_realm
from support.stage import Open, Stage
from support.stores import acl_rules
from twofa_middleware.protocol import StoreOptions
from twofa_middleware.stores.redis import RedisStore

DOCS = Path(__file__).parents[3] / "docs" / "doctor.md"
WELL = {"store": {"url": "sqlite:///var/twofa.db"}}
KEEPS = ("--appendonly", "yes", "--requirepass", "secret")


def names(twofa: Twofa) -> set[str]:
    return {finding["name"] for finding in twofa("doctor", "--json").document["findings"]}


def test_all_is_well_with_nothing_but_notes(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    (stage.realm.folder / "twofa.toml").chmod(0o600)
    done = twofa("doctor", "--json")
    assert {finding["severity"] for finding in done.document["findings"]} == {"note"}
    assert (done.code, done.document["well"]) == (0, True)


def test_what_is_found_is_told_with_its_cost_and_remedy(twofa: Twofa, open_realm: Open) -> None:
    open_realm(mode="report")
    done = twofa("doctor")
    assert done.code == 1
    assert "PROBLEM: [apps.shop] has mode report\n  It costs: everybody is let by" in done.out
    assert done.out.endswith("There is something to mend.\n")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"mode": "off"}, "mode is not enforce"),
        ({"insecure_http": True}, "insecure http"),
        ({"store": {"stale_seconds": 10}}, "passes outlive the store"),
        ({"shop": {"login_answer": "pass"}}, "log-in answer passes"),
        ({"shop": {"admin": True}}, "nobody administers"),
        ({"shop": {"identity": [{"use": "CHOOSE"}]}}, "app cannot start"),
    ],
)
def test_settings_that_weaken_are_found(twofa: Twofa, open_realm: Open, changes: dict[str, Any], name: str) -> None:
    open_realm(**changes)
    assert name in names(twofa)


@pytest.mark.parametrize(
    ("until", "name"), [("2020-01-01", "service account expired"), ("2999-01-01", "service account for long")]
)
def test_service_accounts_are_looked_at(twofa: Twofa, stage: Stage, until: str, name: str) -> None:
    with (stage.realm.folder / "twofa.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[service_accounts]]\nuser = "robot"\napps = ["shop"]\nby = "signed_cookie"\nreason = "jobs"\n')
        file.write(f"until = {until}\n")
    assert name in names(twofa)


@pytest.mark.parametrize(
    ("place", "mode", "name"),
    [
        ("twofa.toml", 0o666, "settings file open to others"),
        ("var/twofa.db", 0o644, "store file open to others"),
        ("var", 0o777, "store folder open to others"),
    ],
)
def test_files_that_others_may_change_are_found(twofa: Twofa, stage: Stage, place: str, mode: int, name: str) -> None:
    assert name not in names(twofa)
    (stage.realm.folder / place).chmod(mode)
    assert name in names(twofa)


def test_records_whose_key_is_missing_are_found(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = CAST(x'0100000000' || substr(roster, 6) AS BLOB)")
    assert "records under a missing key" in names(twofa)


def test_an_upgrade_that_is_not_committed_is_noted(twofa: Twofa, stage: Stage) -> None:
    with stage.database() as db:
        db.execute("INSERT INTO meta (name, value) VALUES ('needs', '1')")
    assert "upgrade not committed" in names(twofa)


def test_a_store_that_is_gone_is_found(twofa: Twofa, stage: Stage) -> None:
    stage.realm.store_file.unlink()
    done = twofa("doctor")
    assert done.code == 1
    assert "PROBLEM: there is no store at" in done.out


# ---- Redis ----------------------------------------------------------------------------------------------------------


def found_at(url: str, realm: str = "", **options: Any) -> set[str]:
    realm = realm or new_realm()
    with closing(RedisStore(url, "", realm, StoreOptions(**options))) as store:
        return {finding.name for finding in store.inspect()}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--maxmemory-policy", "allkeys-lru"), "redis evicts"),
        (("--appendonly", "no"), "redis keeps nothing"),
        (("--appendonly", "no", "--save", "60 1"), "redis keeps snapshots only"),
        (("--appendonly", "yes", "--appendfsync", "no"), "redis leaves writing to the system"),
        ((), "redis without a password"),
        ((), "redis user may do all"),
    ],
)
def test_a_server_that_may_lose_or_open_what_it_has_is_found(options: tuple[str, ...], name: str) -> None:
    with a_server(*options) as server:
        assert name in found_at(server.url)


def test_what_is_to_be_acknowledged_must_be_possible() -> None:
    with a_server() as server:
        assert found_at(server.url, fsync=True, replicas=1) >= {
            "acknowledge not possible",
            "acknowledge without replicas",
        }


def test_a_replica_is_found() -> None:
    with a_server() as server, a_replica_of(server) as replica:
        assert "redis is a replica" in found_at(replica.url)


def test_a_clock_that_is_apart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    there: Callable[[], float] = time.time
    with a_server() as server:
        assert "clocks apart" not in found_at(server.url)
        monkeypatch.setattr(time, "time", lambda: there() - 5)
        assert "clocks apart" in found_at(server.url)


def test_a_server_set_up_as_the_docs_say_has_nothing_but_what_could_not_be_looked_at() -> None:
    realm = new_realm()
    with a_server("--appendonly", "yes") as server:
        server.say("ACL", "SETUSER", realm, ">canary", *acl_rules(realm))
        url = server.url.replace("//", f"//{realm}@")
        assert found_at(url, realm, password="canary") == {"could not look"}
        server.say("ACL", "SETUSER", realm, "+config|get", "+acl|whoami", "+acl|getuser")
        assert found_at(url, realm, password="canary") == set()


def test_docs_list_every_finding_with_its_severity() -> None:
    package = files("twofa_middleware")
    texts = [
        path.read_text("utf-8")
        for folder in (package / "cli", package / "stores")
        for path in folder.iterdir()
        if path.name.endswith(".py")
    ]
    made = {found for text in texts for found in re.findall(r'Finding\(\s*"([^"]+)",\s*"(\w+)"', text)}
    told = set(re.findall(r"^\| ([\w -]+?) \| (problem|warning|note) \|", DOCS.read_text("utf-8"), re.MULTILINE))
    assert len(made) > 20
    assert told == made
