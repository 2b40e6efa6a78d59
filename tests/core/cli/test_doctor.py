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
import redis

from core.cli.conftest import Twofa, Typing
from support.distributions import site_packages
from support.realm import SIGNED_COOKIE
from support.redis_servers import a_replica_of, a_server, new_realm
from support.stage import Open, Stage
from support.stores import acl_rules, enrol
from twofa_middleware.cli import weak_keys
from twofa_middleware.cli.key_files import replace_ring
from twofa_middleware.keyring import KeyRing
from twofa_middleware.proposing.words import NO_NAME
from twofa_middleware.protocol import StoreOptions
from twofa_middleware.sealing import Sealer
from twofa_middleware.stores.redis import RedisStore

DOCS = Path(__file__).parents[3] / "docs" / "doctor.md"


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
    assert done.out.endswith("\n\nThere is something to mend: 2 problems, 5 notes.\n")


@pytest.fixture
def well(open_realm: Open) -> Stage:
    """A realm that is set up as it should be."""
    roles = {"use": "static", "users": {"ada": ["Root"]}}
    pinned, admin = {"pinned": ["Root"]}, {"roles": ["Root"], "first_setup": "code"}
    return open_realm(enforcement=pinned, admin=admin, roles=roles, shop={"exempt": []}, office={"exempt": []})


def test_a_realm_that_is_set_up_as_it_should_be_has_no_finding(twofa: Twofa, well: Stage) -> None:
    well.enrolled("erin")
    assert twofa("doctor", "--json").document == {"well": True, "findings": []}
    done = twofa("doctor")
    assert (done.code, done.out) == (0, "All is well.\n")


def test_nothing_is_written_not_even_that_somebody_looked(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(mode="report")
    stage.enrolled("erin")
    before = [event.name for event in stage.events()]
    assert twofa("doctor").code == 1
    assert [event.name for event in stage.events()] == before


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"mode": "off"}, "mode is not enforce"),
        ({"insecure_http": True}, "insecure http"),
        ({"name": NO_NAME}, "name left as proposed"),
        ({"store": {"stale_seconds": 10}}, "passes outlive the store"),
        ({"shop": {"login_answer": "pass"}}, "log-in answer passes"),
        ({"shop": {"admin": True}}, "nobody administers"),
        ({"shop": {"identity": [{"use": "CHOOSE"}]}}, "app cannot start"),
        ({"shop": {"exempt": ["GET /static/**"]}}, "exempt paths"),
        ({"shop": {"login": ["POST /login", "PSOT /in"]}}, "unknown method"),
        ({"shop": {"logout": ["GETT /logout"]}}, "unknown method"),
        ({"admin": {"after_reset": "open"}}, "reset lets the password in"),
        ({"admin": {"first_setup": "open"}}, "first set-up open to the password"),
        ({"enforcement": {"pinned": []}}, "no role pinned"),
        ({"events": {"sinks": []}}, "events stay in the store"),
        ({"events": {"carry": False}}, "events not carried from here"),
    ],
)
def test_settings_that_weaken_are_found(twofa: Twofa, open_realm: Open, changes: dict[str, Any], name: str) -> None:
    open_realm(**changes)
    assert name in names(twofa)


HOOK = {"use": "webhook", "url": "https://hooks.example.org", "secret": "file:var/secret"}


@pytest.mark.parametrize(
    "changes",
    [
        {"events": {"sinks": [HOOK]}},
        {"shop": {"identity": [SIGNED_COOKIE | {"secret": "file:var/secret"}]}},
    ],
    ids=["webhook", "resolver"],
)
def test_a_secret_that_others_can_read_is_found(
    twofa: Twofa, open_realm: Open, changes: dict[str, Any], folder: Path
) -> None:
    open_realm(**changes)
    secret = folder / "var" / "secret"
    secret.write_text("canary " * 10)
    secret.chmod(0o600)
    assert "app cannot start" not in names(twofa)
    secret.chmod(0o640)
    told = twofa("doctor").out
    assert "file:var/secret is open to others (mode 640)" in told
    assert "canary" not in told


def test_a_webhook_in_clear_text_is_found(twofa: Twofa, open_realm: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFA_HOOK", "canary " * 10)
    open_realm(events={"sinks": [HOOK | {"url": "http://hooks.example.org", "secret": "env:TWOFA_HOOK"}]})
    assert "url is not encrypted" in twofa("doctor").out


def test_a_password_in_a_file_that_others_can_read_is_found(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    file = folder / "twofa.toml"
    url = f"sqlite:///{stage.realm.store_file}"
    file.write_text(f'store = "redis://gate:canary@127.0.0.1:1"\n{file.read_text("utf-8")}', "utf-8")
    monkeypatch.setenv("TWOFA__STORE", url)
    file.chmod(0o640)
    assert "password open to others" not in names(twofa)
    file.chmod(0o644)
    assert "password open to others" in names(twofa)
    assert "canary" not in twofa("doctor").out
    file.write_text(file.read_text("utf-8").replace("gate:canary@", "gate@"), "utf-8")
    assert "password open to others" not in names(twofa)


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
        (".", 0o777, "settings folder open to others"),
        ("twofa.d/10-x.toml", 0o666, "settings file open to others"),
        ("twofa.d", 0o777, "settings folder open to others"),
    ],
)
def test_files_that_others_may_change_are_found(twofa: Twofa, stage: Stage, place: str, mode: int, name: str) -> None:
    (stage.realm.folder / "twofa.d").mkdir(mode=0o755)
    (stage.realm.folder / "twofa.d" / "10-x.toml").touch(mode=0o600)
    assert name not in names(twofa)
    (stage.realm.folder / place).chmod(mode)
    assert name in names(twofa)


def test_records_whose_key_is_missing_are_found(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = CAST(x'0100000000' || substr(roster, 6) AS BLOB)")
    found = names(twofa)
    assert "records under a missing key" in found
    assert "store of another key ring" not in found


def under_another_ring(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put new keys in the place of those that the store was made with, and its id as they write it."""
    ring = KeyRing.new()
    (stage.realm.folder / "var" / "keys.toml").write_text(ring.dump())
    name = stage.realm.settings.store_id.rpartition(".")[0]
    monkeypatch.setenv("TWOFA__STORE_ID", Sealer("test", ring).store_id(name))


def test_a_store_of_another_key_ring_is_told_as_such(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.enrolled("erin")
    under_another_ring(stage, monkeypatch)
    found = names(twofa)
    assert "store of another key ring" in found
    assert "records under a missing key" not in found


def test_records_that_do_not_open_under_their_key_are_found(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    with stage.database() as db:
        # An x'00' alone would change nothing for one roster in 256.
        other = "CASE substr(roster, -1) WHEN x'00' THEN x'01' ELSE x'00' END"
        db.execute(f"UPDATE accounts SET roster = CAST(substr(roster, 1, length(roster) - 1) || {other} AS BLOB)")
    assert "records that do not open" in names(twofa)


def test_no_more_users_are_looked_at_than_the_finding_says(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("ada", "erin", "wendy"):
        stage.enrolled(user)
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = CAST(x'0100000000' || substr(roster, 6) AS BLOB)")
    monkeypatch.setattr(weak_keys, "MOST_USERS", 2)
    assert "2 records among the flags and the first 2 users made with key 00000000" in twofa("doctor").out


TOKEN = """
import hmac, msgspec
class Options(msgspec.Struct, frozen=True):
    variant: str = ""
class Token:
    Options, digits, secret_bytes = Options, 8, 20
    def __init__(self, options, context):
        self.variant = options.variant
    def codes(self, secret):
        return lambda step: f"{int.from_bytes(hmac.digest(secret, b'%d' % step, 'sha256')[:8]) % 10**8:08}"
    def uri(self, secret, label, issuer):
        return "otpauth://totp/token"
"""


def test_people_of_a_factor_that_the_settings_do_not_name_any_more_are_found(
    twofa: Twofa, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.enrolled("erin")
    assert "authenticators of another factor" not in names(twofa)
    with site_packages(tmp_path) as install:
        install("twofa_doctor_token", "1.0", "factor", "token = twofa_doctor_token:Token", TOKEN)
        monkeypatch.setenv("TWOFA__FACTOR", '{ use = "token", variant = "long" }')
        [found] = [one for one in twofa("doctor", "--json").document["findings"] if "another factor" in one["name"]]
    assert "1 user of the first 1000 with an authenticator by the factor totp" in found["found"]
    assert "the settings name token:long" in found["found"]
    assert "503" in found["costs"]


def test_people_of_a_factor_whose_plugin_has_gone_are_found(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.enrolled("erin")
    monkeypatch.setenv("TWOFA__FACTOR", '{ use = "gone" }')
    assert {"app cannot start", "authenticators of another factor"} <= names(twofa)


def test_a_rotation_that_has_not_come_to_its_end_is_noted_and_ended_as_the_remedy_says(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    stage.enrolled("erin")
    assert twofa("keys", "rotate", "--prepare").code == 0
    assert "records under an old key" not in names(twofa)
    ring = KeyRing.load("file:var/keys.toml", folder)
    assert ring.prepared is not None
    replace_ring(folder / "var" / "keys.toml", ring, ring.made_current(ring.prepared))
    assert "records under an old key" in names(twofa)
    assert twofa("keys", "rotate", "--resume").code == 0
    assert "records under an old key" not in names(twofa)


def test_an_upgrade_that_is_not_committed_is_noted(twofa: Twofa, stage: Stage) -> None:
    with stage.database() as db:
        db.execute("INSERT INTO meta (name, value) VALUES ('needs', '1')")
    assert "upgrade not committed" in names(twofa)


def test_a_terminal_gets_lines_that_fit_and_a_program_one_for_each_fact(
    typing: Typing, twofa: Twofa, open_realm: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_realm(office={"identity": [{"use": "CHOOSE"}]})
    monkeypatch.setenv("COLUMNS", "60")
    lines = typing("")("doctor").out.splitlines()
    assert max(map(len, lines)) <= 60
    assert "PROBLEM: shop, office cannot start: [apps.office] identity" in lines
    told = twofa("doctor").out.splitlines()
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(told).split())
    assert len(lines) > len(told)


def test_a_server_that_is_down_is_told_once(twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFA__STORE", "redis://127.0.0.1:1")
    found = names(twofa)
    assert "redis does not answer" in found
    assert "store does not answer" not in found
    assert "Remedy:   start it; if it runs, check host and port in `store`.\n" in twofa("doctor").out


def test_a_login_that_the_server_refuses_is_told_with_its_remedy() -> None:
    with (
        a_server() as server,
        closing(RedisStore(server.url.replace("//", "//gate:canary@"), "", new_realm())) as store,
    ):
        (finding,) = store.inspect()
    assert finding.remedy.startswith("correct user and password in `store`")
    assert "canary" not in finding.found


def test_a_folder_that_is_not_there_is_told_with_its_remedy(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("TWOFA__STORE", f"sqlite:///{folder}/nowhere/twofa.db")
    found = twofa("doctor", "--json").document["findings"]
    (finding,) = [one for one in found if one["name"] == "store does not answer"]
    assert finding["found"].startswith("there is no store at ")


def test_a_store_that_cannot_be_inspected_is_told_with_what_to_do(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOFA__STORE", "redis://127.0.0.1:1")
    monkeypatch.delattr(RedisStore, "inspect")
    assert (
        "Remedy:   start the server of the store; if it runs, check host and port in `store`.\n" in twofa("doctor").out
    )
    monkeypatch.setenv("TWOFA__STORE", "sqlite:///twofa.toml/twofa.db")
    assert "Remedy:   check that what `store` names is there" in twofa("doctor").out


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
        (("--appendonly", "no"), "redis keeps nothing"),
        (("--appendonly", "no", "--save", "60 1"), "redis keeps snapshots only"),
        (("--appendonly", "yes", "--appendfsync", "no"), "redis leaves writing to the system"),
        ((), "redis without a password"),
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


def test_a_redis_that_is_set_up_as_the_docs_say_has_no_finding(
    twofa: Twofa, well: Stage, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    with a_server("--appendonly", "yes", "--maxmemory", "100mb", "--maxmemory-policy", "noeviction") as server:
        looks = ("+config|get", "+acl|whoami", "+acl|getuser")
        server.say("ACL", "SETUSER", "gate", ">canary", *acl_rules("test"), *looks)
        name = RedisStore.create(server.url, "test")
        server.say("ACL", "SETUSER", "keeper", "on", ">canary", "+acl")
        server.say("ACL", "SETUSER", "default", "off")
        sealer = Sealer("test", KeyRing.load("file:var/keys.toml", folder))
        monkeypatch.setenv("TWOFA__STORE__URL", server.url.replace("//", "//gate@"))
        monkeypatch.setenv("TWOFA__STORE__PASSWORD", "env:STORE_PASSWORD")
        monkeypatch.setenv("STORE_PASSWORD", "canary")
        monkeypatch.setenv("TWOFA__STORE_ID", sealer.store_id(name))
        done = twofa("doctor", "--json")
        assert (done.code, done.document) == (0, {"well": True, "findings": []})
        with closing(redis.Redis(port=server.port, username="keeper", password="canary")) as keeper:
            keeper.execute_command("ACL", "SETUSER", "gate", "-config|get")
        done = twofa("doctor")
        assert (done.code, done.out.splitlines()[-1]) == (0, "All is well as far as could be looked: 1 note.")


@pytest.mark.parametrize("spoil", [("HSET", "s", "rubbish"), ("HDEL", "g")], ids=str)
def test_a_user_of_a_redis_whose_records_have_no_form_is_found(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch, folder: Path, spoil: tuple[str, ...]
) -> None:
    with a_server() as server:
        name = RedisStore.create(server.url, "test")
        sealer = Sealer("test", KeyRing.load("file:var/keys.toml", folder))
        with closing(RedisStore(server.url, name, "test")) as store:
            enrol(store)
        command, *words = spoil
        server.say(command, "2fa:test:{alice}:account", *words)
        monkeypatch.setenv("TWOFA__STORE", server.url)
        monkeypatch.setenv("TWOFA__STORE_ID", sealer.store_id(name))
        found = names(twofa)
        assert "records without a known form" in found
        assert "store does not answer" not in found


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
