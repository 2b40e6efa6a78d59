"""``twofa init`` makes what a realm needs, once, and loses nothing."""

from __future__ import annotations

import os
import pwd
import re
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cli.conftest import Twofa
from core.cli.gated import GateExchange, settings_file
from core.settings.documents import SMALLEST
from support.realm import APP_SECRET, Realm, document
from support.redis_clusters import shared_cluster
from support.redis_sentinels import shared_sentinel
from support.redis_servers import Server, a_server, new_realm, shared_valkey
from support.spy import Spy
from support.stage import Stage
from twofa_middleware.cli.found_store import Found
from twofa_middleware.cli.init import Made, make_realm
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.errors import ConfigError
from twofa_middleware.keyring import KeyRing
from twofa_middleware.keys_and_store import open_store
from twofa_middleware.settings import Settings
from twofa_middleware.wiring import build

ID = r"[a-z2-7]{4}(-[a-z2-7]{4}){3}\.[a-z2-7]{8}"


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as started:
        yield started


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but those of SQLite's own beside the store."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def written(folder: Path) -> Settings:
    return Settings.load(folder / "twofa.toml", environ={})


# ---- in an empty folder ---------------------------------------------------------------------------------------------


def test_in_an_empty_folder_it_makes_settings_keys_and_store(twofa: Twofa, folder: Path) -> None:
    done = twofa("init")
    assert (done.code, done.err) == (0, "")
    assert sorted(contents(folder)) == ["twofa.toml", "var/keys.toml", "var/twofa.db"]
    settings = written(folder)
    assert re.fullmatch(ID, settings.store_id)
    assert f'store_id = "{settings.store_id}"' in done.out
    open_store(settings).check()


def test_what_it_makes_starts(twofa: Twofa, folder: Path) -> None:
    twofa("init")
    with pytest.raises(ConfigError, match=r'in place of use = "CHOOSE" say how .*, callable, .*, signed_cookie'):
        build(written(folder), "portal", asynchronous=False)  # open to all, if anything stood there that starts
    file = folder / "twofa.toml"
    file.write_text(file.read_text().replace("CHOOSE", "remote_user"))
    assert build(written(folder), "portal", asynchronous=False).gate.site.label == "Portal"


def test_a_redis_is_named_without_its_password(twofa: Twofa, folder: Path, server: Server) -> None:
    server.say("CONFIG", "SET", "requirepass", "canary")
    (folder / "twofa.toml").write_text(f'store = "{server.url.replace("//", "//:canary@")}"\n' + SMALLEST)
    done = twofa("init")
    assert (done.code, done.err) == (0, "")
    assert f"{server.url}: a new store\n" in done.out
    assert "canary" not in done.out
    open_store(written(folder)).check()


def test_keys_and_store_are_for_their_owner_alone(twofa: Twofa, folder: Path) -> None:
    before = os.umask(0)
    try:
        twofa("init")
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((folder / "var" / name).stat().st_mode) for name in ("keys.toml", "twofa.db")}
    assert modes == {"keys.toml": 0o600, "twofa.db": 0o600}


def test_it_does_the_same_as_a_program_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from twofa_middleware.cli import main; main()", "init"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TWOFA__")}
    runs = [
        subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True) for _ in "12"
    ]
    assert [run.stderr for run in runs] == ["", ""]
    assert sorted(contents(tmp_path)) == ["twofa.toml", "var/keys.toml", "var/twofa.db"]
    assert f"store {written(tmp_path).store_id}: as `store_id` says" in runs[1].stdout


def test_another_file_may_be_named_and_all_lies_beside_it(twofa: Twofa, folder: Path) -> None:
    (folder / "etc").mkdir()
    assert twofa("init", "--file", "etc/realm.toml").code == 0
    assert sorted(contents(folder)) == ["etc/realm.toml", "etc/var/keys.toml", "etc/var/twofa.db"]


def test_a119_it_says_no_key(twofa: Twofa, folder: Path) -> None:
    done = twofa("init")
    ring = KeyRing.load("file:var/keys.toml", folder).dump()
    secrets = re.findall(r'"([A-Za-z0-9+/]{40,}=*)"', ring)
    assert len(secrets) == 2
    assert not any(secret in done.out + done.err for secret in secrets)


# ---- again ----------------------------------------------------------------------------------------------------------


def test_a_second_run_changes_no_byte(twofa: Twofa, folder: Path) -> None:
    twofa("init")
    before = contents(folder)
    done = twofa("init")
    assert (done.code, done.err) == (0, "")
    assert contents(folder) == before


def test_a_settings_file_that_was_lost_is_made_anew_for_the_store_and_keys_that_are_there(
    twofa: Twofa, folder: Path
) -> None:
    twofa("init")
    before = contents(folder)
    (folder / "twofa.toml").unlink()
    assert twofa("init").code == 0
    assert contents(folder) == before


def test_a117_keys_that_were_lost_are_not_made_anew_for_a_store_that_is_named(twofa: Twofa, folder: Path) -> None:
    twofa("init")
    (folder / "var" / "keys.toml").unlink()
    before = contents(folder)
    done = twofa("init")
    assert done.code == 2
    assert re.search(r"No such file.*take it from a copy", done.err)
    assert contents(folder) == before


def test_a115_a_store_that_is_named_but_missing_is_not_made_anew(twofa: Twofa, folder: Path) -> None:
    twofa("init")
    (folder / "var" / "twofa.db").unlink()
    done = twofa("init")
    assert done.code == 2
    assert "twofa.toml: store_id names a store, and there is no store at" in done.err
    assert "`twofa restore`" in done.err
    assert "in an empty store nobody would have a second factor" in done.err
    assert not (folder / "var" / "twofa.db").exists()


# ---- a store that is found, not made --------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "redis"])
def address(request: pytest.FixtureRequest) -> str:
    return "sqlite:///var/twofa.db" if request.param == "sqlite" else request.getfixturevalue("server").url


@pytest.fixture
def unnamed(twofa: Twofa, folder: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A realm in which erin has a second factor, whose settings do not name the store."""
    monkeypatch.setenv("TWOFA_TEST_SECRET", APP_SECRET)
    path, text = folder / "twofa.toml", settings_file(document(store=address))
    path.write_text(text)
    assert twofa("init").code == 0
    opened: list[GateExchange] = []

    def wrap(realm: Realm, spy: Spy, app: str) -> GateExchange:
        opened.append(GateExchange(realm, app))
        return opened[-1]

    Stage(Realm(folder, written(folder)), {"shop": Spy(), "office": Spy()}, wrap).enrolled("erin")
    for exchange in opened:
        exchange.runtime.close()
    path.write_text(text)
    return folder


def test_a067_a117_no_keys_are_made_for_a_store_with_people_in_it(twofa: Twofa, unnamed: Path, address: str) -> None:
    (unnamed / "var" / "keys.toml").unlink()
    text = (unnamed / "twofa.toml").read_text()
    done = twofa("init")
    assert (done.code, done.out) == (2, "")
    assert f"no key ring at file:var/keys.toml, but {address} holds a store already, with 1 person in it" in done.err
    assert re.search(r'Put the key ring back .* or begin in another one: .*realm = "test" may be', done.err)
    assert not (unnamed / "var" / "keys.toml").exists()
    assert (unnamed / "twofa.toml").read_text() == text


def test_a067_a117_nor_is_such_a_store_taken_under_other_keys(twofa: Twofa, unnamed: Path) -> None:
    (unnamed / "var" / "keys.toml").unlink()
    write_ring(KeyRing.new(), unnamed / "var" / "keys.toml")
    text = (unnamed / "twofa.toml").read_text()
    done = twofa("init")
    assert (done.code, done.out) == (2, "")
    assert re.search(r"the store of other keys than file:var/keys\.toml, .* with 1 person in it", done.err)
    assert (unnamed / "twofa.toml").read_text() == text


def test_a067_a117_nor_under_a_ring_that_opens_all_and_names_people_in_another_way(twofa: Twofa, unnamed: Path) -> None:
    path = unnamed / "var" / "keys.toml"
    ring = replace(KeyRing.load("file:var/keys.toml", unnamed), naming=KeyRing.new().naming)
    path.unlink()
    write_ring(ring, path)
    done = twofa("init")
    assert (done.code, done.out) == (2, "")
    assert "the store of other keys" in done.err


def test_a067_a117_nor_for_a_store_that_another_machine_has_made_and_nobody_is_in_yet(
    twofa: Twofa, folder: Path, address: str
) -> None:
    text = settings_file(document(store=address))
    (folder / "twofa.toml").write_text(text)
    twofa("init")
    (folder / "twofa.toml").write_text(text)
    (folder / "var" / "keys.toml").unlink()
    done = twofa("init")
    assert (done.code, done.out) == (2, "")
    assert re.search(r"with nobody in it.*If no machine has a key ring for it, `twofa keys new --file`", done.err)
    assert not (folder / "var" / "keys.toml").exists()


def test_a117_a_flag_alone_tells_that_the_keys_are_others(twofa: Twofa, folder: Path, address: str) -> None:
    text = settings_file(document(store=address))
    (folder / "twofa.toml").write_text(text)
    twofa("init")
    assert twofa("enforce", "Cook", "--unseen", "--yes").code == 0
    (folder / "twofa.toml").write_text(text)
    (folder / "var" / "keys.toml").unlink()
    write_ring(KeyRing.new(), folder / "var" / "keys.toml")
    done = twofa("init")
    assert (done.code, done.out) == (2, "")
    assert "the store of other keys" in done.err


def test_under_its_own_keys_a_store_is_found_again_with_those_in_it(twofa: Twofa, unnamed: Path, address: str) -> None:
    done = twofa("init")
    assert (done.code, done.err) == (0, "")
    assert f"{address}: found a store, with 1 person in it\n" in done.out
    assert [one["user"] for one in twofa("users", "--json").document["users"]] == ["erin"]


@pytest.mark.parametrize("shared", [shared_cluster, shared_sentinel, shared_valkey])
def test_on_servers_of_every_kind_a_store_is_made_named_and_found(tmp_path: Path, shared: Callable[[], Any]) -> None:
    changes = {"store": shared().url, "realm": new_realm()}
    settings = Settings.of(document(**changes), folder=tmp_path)
    made = make_realm(settings)
    assert (made.new_keys, made.new_store, made.found) == (True, True, Found(0))
    found = make_realm(settings)
    assert (found.store_id, found.new_keys, found.new_store) == (made.store_id, False, False)
    assert make_realm(Settings.of(document(**changes, store_id=made.store_id), folder=tmp_path)) == Made(made.store_id)
    (tmp_path / "var" / "keys.toml").unlink()
    with pytest.raises(ConfigError, match="no key ring"):
        make_realm(settings)


def test_another_store_than_the_named_one_is_not_taken(twofa: Twofa, folder: Path) -> None:
    twofa("init")
    path = folder / "twofa.toml"
    path.write_text(re.sub(ID, "aaaa-aaaa-aaaa-aaaa", path.read_text()))
    before = contents(folder)
    assert (twofa("init").code, contents(folder)) == (2, before)


# ---- into a file that is there --------------------------------------------------------------------------------------

TABLES_FIRST = '[apps.shop]\norigins = ["https://shop.example.org"]\nidentity = [{ use = "remote_user" }]\n'


@pytest.mark.parametrize(
    "text",
    [
        SMALLEST,
        "# a comment\n\n# realm = 5\n" + SMALLEST,
        'store_id = ""\n' + SMALLEST,
        'store_id=""   # filled in by init\n' + SMALLEST,
        SMALLEST.replace("[apps", "store_id = ''\n[apps"),
        SMALLEST.replace("realm", "  realm").replace("name", "\tname").replace("[apps", "  [apps"),
        '"realm" = "demo"\n' + SMALLEST.removeprefix('realm = "demo"\n'),
        SMALLEST.rstrip("\n"),
        SMALLEST.replace("\n", "\r\n"),
        'enforcement.pinned = ["Manager"]\n' + SMALLEST,
        'support = """\nstore_id = "in a text"\nring"""\n' + SMALLEST,
        "# [apps.old]\n" + SMALLEST + '\n[roles]\nuse = "static"\n',
    ],
)  # fmt: skip
def test_the_id_is_put_into_a_file_and_nothing_else_of_it_changes(twofa: Twofa, folder: Path, text: str) -> None:
    (folder / "twofa.toml").write_bytes(text.encode())
    assert twofa("init").err == ""
    after = (folder / "twofa.toml").read_bytes().decode()
    store_id = written(folder).store_id
    assert re.fullmatch(ID, store_id)
    assert tomllib.loads(after) == tomllib.loads(text) | {"store_id": store_id}
    lost = [line for line in text.splitlines() if line not in after and "store_id" not in line]
    assert lost == []
    assert after.count("# ") == text.count("# ")
    before = contents(folder)
    assert (twofa("init").code, contents(folder)) == (0, before)


def test_an_id_that_cannot_be_put_in_is_handed_to_the_operator_and_the_file_stays(twofa: Twofa, folder: Path) -> None:
    text = 'store_id = """"""\n' + SMALLEST
    (folder / "twofa.toml").write_text(text)
    done = twofa("init")
    assert done.code == 2
    assert re.search(rf'write this line into it yourself, above the first table: store_id = "{ID}"', done.err)
    assert (folder / "twofa.toml").read_text() == text


def test_keys_from_the_environment_make_no_key_file(
    twofa: Twofa, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEYS", KeyRing.new().dump())
    (folder / "twofa.toml").write_text('keys = "env:TEST_KEYS"\n' + SMALLEST)
    assert twofa("init").code == 0
    assert sorted(contents(folder)) == ["twofa.toml", "var/twofa.db"]


def test_an_id_from_the_environment_is_not_written_into_the_file(
    twofa: Twofa, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twofa("init")
    monkeypatch.setenv("TWOFA__STORE_ID", written(folder).store_id)
    path = folder / "twofa.toml"
    path.write_text(path.read_text().replace("store_id", "# store_id"))
    before = contents(folder)
    assert (twofa("init").code, contents(folder)) == (0, before)


# ---- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("realm = ", "cannot be read"),
        ('realm = "demo"\n', "at least one app is needed"),
        (SMALLEST.replace("realm", "relam"), 'unknown key "relam"; did you mean "realm"?'),
        (SMALLEST.replace("[apps", 'store = "redi://x"\n[apps'), 'there is no store plugin "redi"'),
        (SMALLEST.replace("[apps", 'store = "sqlite://x"\n[apps'), "write sqlite:////absolute/path.db"),
        (SMALLEST.replace("[apps", 'keys = "env:NOT_SET_HERE"\n[apps'), "NOT_SET_HERE"),
        (SMALLEST.replace("[apps", 'keys = "file:twofa.toml"\n[apps'), "chmod 600"),
    ],
)
def test_an_error_is_one_line_with_exit_code_2_and_leaves_the_file(
    twofa: Twofa, folder: Path, text: str, message: str
) -> None:
    (folder / "twofa.toml").write_text(text)
    (folder / "twofa.toml").chmod(0o644)
    done = twofa("init")
    assert done.code == 2
    assert re.fullmatch(r"twofa: [^\n]+\n", done.err)
    assert message in done.err
    assert (folder / "twofa.toml").read_text() == text


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to which every user of the machine has a way."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name).resolve()
        path.chmod(0o755)
        monkeypatch.chdir(path)
        yield path


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("var/keys.toml", 0o000, r"keys: file:var/keys\.toml cannot be read: Permission denied"),
        ("var/twofa.db", 0o000, r"var/twofa\.db did not answer: unable to open database file"),
        ("var/twofa.db", 0o444, r"var/twofa\.db did not answer: attempt to write a readonly database"),
        ("var", 0o555, r"var/twofa\.db did not answer: (unable to open|attempt to write)"),
    ],
)
def test_a_file_that_is_not_for_us_is_told_with_owner_mode_and_who_we_are(
    twofa: Twofa, open_folder: Path, name: str, mode: int, said: str
) -> None:
    twofa("init")
    barred, is_root = open_folder / name, os.geteuid() == 0
    (open_folder / "twofa.toml").chmod(0o644)
    if is_root:  # who is let in everywhere: so all but this one belongs to somebody else, as whom it goes on
        for path in (open_folder / "var", *(open_folder / "var").iterdir()):
            os.chown(path, 65534 if path != barred else 0, -1)
    barred.chmod(mode)
    owner = barred.owner()
    try:
        if is_root:
            os.seteuid(65534)
        us = pwd.getpwuid(os.geteuid()).pw_name
        done = twofa("enforce", "Cook", "--unseen", "--yes")
    finally:
        if is_root:
            os.seteuid(0)
        barred.chmod(0o700)
    assert done.code in (1, 2)
    assert re.search(said, done.err)
    assert f"{barred} belongs to {owner} (mode {mode:03o}), and this runs as {us}:" in done.err


def test_no_folder_is_made_for_a_settings_file(twofa: Twofa, folder: Path) -> None:
    done = twofa("init", "--file", "nosuch/dir/twofa.toml")
    assert done.code == 2
    assert done.err == (
        "twofa: nosuch/dir/twofa.toml: there is no folder nosuch/dir; make it, or name another place with --file\n"
    )
    assert list(folder.iterdir()) == []


def test_a_place_where_no_file_can_be_is_one_line_too(twofa: Twofa, folder: Path) -> None:
    (folder / "taken").write_text("")
    done = twofa("init", "--file", "taken/twofa.toml")
    assert done.code == 1
    assert re.fullmatch(r"twofa: [^\n]+taken[^\n]*\n", done.err)
