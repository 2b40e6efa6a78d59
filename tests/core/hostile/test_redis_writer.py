"""Somebody with every command of a Redis and no key: whole keys and single fields, moved, copied, swapped, made up.

Nothing here knows how a record is laid out: fields are copied as they lie there. Attacks 31, 85, 114, 115, 116.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from core.hostile.test_writer import comes_with, is_asked_for_a_code, is_closed, key_of, remembered
from support.gates import Gate, realm_on
from support.realm import COOKIES, ORIGINS, SIGNED_COOKIE
from support.redis_servers import new_realm, shared_redis
from support.stage import ADA
from support.visitor import Visitor
from twofa_middleware.accounts.administer import enforce
from twofa_middleware.accounts.rules import read_flags
from twofa_middleware.asks import Done
from twofa_middleware.browser.cookies import digest, token
from twofa_middleware.drive import drive
from twofa_middleware.stores.near_flags import FLAG_SECONDS
from twofa_middleware.stores.redis_keys import keys_of, realm_keys

KINDS = ("account", "rows", "pending", "seen", "log", "long")
MADE_UP = token(b"x" * 32)
ROLES = {"use": "static", "users": {"erin": ["Chef"], "wendy": ["Cook"]}}


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    with closing(redis.Redis(port=shared_redis().port, protocol=2)) as made:
        yield made


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with closing(Gate(realm_on(tmp_path, shared_redis().url, new_realm(), roles=ROLES))) as gate:
        yield gate


def keys(gate: Gate, visitor: Visitor) -> dict[str, str]:
    return dict(zip(KINDS, keys_of(gate.realm.settings.realm, key_of(visitor)), strict=True))


def copy(client: redis.Redis, source: str, target: str) -> None:
    client.delete(target)
    if value := client.dump(source):
        client.restore(target, 0, value)


def set_flag(gate: Gate, role: str, *, is_enforced: bool = True) -> None:
    """As an administrator does it."""
    desk, now = gate.gate.site.desk, gate.realm.clock.now
    flags = drive(read_flags(desk), gate.answer)
    version = flags[role].version if role in flags else 0
    done = drive(enforce(desk, ADA, role, version, is_enforced=is_enforced, grace_days=0, now=now), gate.answer)
    assert done == Done()


# ---- between users --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [("account",), KINDS], ids=["the account", "everything"])
def test_a114_all_keys_of_one_user_are_nothing_to_another(
    gate: Gate, client: redis.Redis, kinds: tuple[str, ...]
) -> None:
    erin, mallory = gate.enrolled(), gate.enrolled("mallory")
    for kind in kinds:
        copy(client, keys(gate, mallory)[kind], keys(gate, erin)[kind])
    assert is_closed(gate, gate.visitor("erin", "login-9"))
    user, value = key_of(erin), mallory.cookie("pass").partition(".")[2]
    assert is_closed(gate, comes_with(gate, "pass", user, value, "login-1"))


def test_a114_each_field_of_an_account_that_another_has_is_none_of_ones_own(gate: Gate, client: redis.Redis) -> None:
    erin, mallory = gate.enrolled(), gate.enrolled("mallory")
    hers, his = keys(gate, erin)["account"], keys(gate, mallory)["account"]
    before: Any = client.dump(hers)
    for field, value in client.hgetall(his).items():
        client.hset(hers, field, value)
        thief = gate.visitor("erin", "login-9")
        reply = thief.go("/home")
        assert (reply.status, thief.key) in ((503, ""), (303, ""))
        if thief.go("/2fa/verify").status == 200:
            assert thief.recover(mallory.codes[0]).status == 422
        client.restore(hers, 0, before, replace=True)
        gate.realm.clock.on(600)  # ten recovery codes an hour
    assert erin.go("/home").status == 200


@pytest.mark.parametrize("kind", ["pass", "browser"])
def test_a114_a_row_of_one_user_is_none_of_anothers(gate: Gate, client: redis.Redis, kind: str) -> None:
    erin, mallory = gate.enrolled(), gate.enrolled("mallory")
    mallory.cookies = {}
    mallory.log_in("mallory", "login-1")
    assert mallory.verify(remember="1").status == 303
    copy(client, keys(gate, mallory)["rows"], keys(gate, erin)["rows"])
    value = mallory.cookie(kind).rpartition(".")[2]
    assert is_asked_for_a_code(gate, comes_with(gate, kind, key_of(erin), value, "login-1"))


# ---- of one user ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pass", "browser"])
def test_a114_a_row_copied_under_a_digest_that_the_thief_has_a_cookie_for_is_none(
    gate: Gate, client: redis.Redis, kind: str
) -> None:
    erin = remembered(gate, gate.enrolled())
    key = keys(gate, erin)["rows"]
    real, copied = digest(erin.cookie(kind).rpartition(".")[2].encode()), 0
    for field, value in client.hgetall(key).items():
        if real in field:
            client.hset(key, field.replace(real, digest(MADE_UP)), value)
            copied += 1
    assert copied
    assert is_asked_for_a_code(gate, comes_with(gate, kind, key_of(erin), MADE_UP.decode(), "login-2"))


def test_a116_a_pass_is_no_browser_and_a_browser_no_pass(gate: Gate, client: redis.Redis) -> None:
    erin = remembered(gate, gate.enrolled())
    key, user = keys(gate, erin)["rows"], key_of(erin)
    others = {b"p": b"b", b"b": b"p"}
    rows = {others[field[:1]] + field[1:]: value for field, value in client.hgetall(key).items()}
    client.delete(key)
    client.hset(key, mapping=rows)
    assert is_asked_for_a_code(gate, comes_with(gate, "pass", user, erin.cookie("browser"), "login-2"))
    token_of_pass = erin.cookie("pass").rpartition(".")[2]
    assert is_asked_for_a_code(gate, comes_with(gate, "browser", user, token_of_pass))


def test_a114_a_set_up_is_for_its_user_and_its_browser(gate: Gate, client: redis.Redis) -> None:
    thief, other = gate.visitor("erin"), gate.visitor("mallory")
    thief.go("/2fa/setup")
    other.go("/2fa/setup")
    realm = gate.realm.settings.realm
    pending = list(client.scan_iter(f"2fa:{realm}:*:pending"))
    assert len(pending) == 2
    values = [client.dump(key) for key in pending]
    for key, value in zip(pending, reversed(values), strict=True):
        ((field, _),) = client.hgetall(key).items()
        client.restore(key, 0, value, replace=True)
        ((copied, row),) = client.hgetall(key).items()
        client.hdel(key, copied)
        client.hset(key, field, row)
    for visitor in (thief, other):
        visitor.key = ""
        assert visitor.go("/2fa/setup").status == 503
        assert visitor.key == ""


def test_a114_random_bytes_in_any_field_let_nobody_in(gate: Gate, client: redis.Redis) -> None:
    erin = remembered(gate, gate.enrolled())
    for kind in ("account", "rows"):
        key = keys(gate, erin)[kind]
        before: Any = client.dump(key)
        calls = gate.calls
        for field, value in client.hgetall(key).items():
            for rubbish in (b"", b"\xff" * len(value), value[::-1], value + b"x", value[:-1]):
                client.hset(key, field, rubbish)
                thief = gate.visitor("erin", "login-9")
                assert thief.go("/home").status in (303, 503)
                assert (thief.go("/2fa/setup").status in (303, 503), thief.key) == (True, "")
            client.restore(key, 0, before, replace=True)
        assert gate.calls == calls
    assert erin.go("/home").status == 200


# ---- between apps and realms ----------------------------------------------------------------------------------------


def test_a031_a114_a_realm_with_the_same_keys_is_another_place(gate: Gate, client: redis.Redis, tmp_path: Path) -> None:
    other_realm = realm_on(tmp_path, shared_redis().url, new_realm(), roles=ROLES)
    other_realm.clock = gate.realm.clock
    with closing(Gate(other_realm)) as other:
        erin, there = gate.enrolled(), other.enrolled()
        for kind in KINDS:
            copy(client, keys(other, there)[kind], keys(gate, erin)[kind])
        assert is_closed(gate, gate.visitor("erin", "login-9"))
        user, value = key_of(erin), there.cookie("pass").rpartition(".")[2]
        assert is_closed(gate, comes_with(gate, "pass", user, value, "login-1"))


def test_a031_a114_a_pass_row_of_one_app_is_none_of_another(tmp_path: Path) -> None:
    """Of two apps that show no session, by which a pass would be told apart as well."""
    shop, office_s = (
        {"identity": [{key: value for key, value in SIGNED_COOKIE.items() if key != "session"} | {"cookie": cookie}]}
        for cookie in (COOKIES["shop"], COOKIES["office"])
    )
    realm = realm_on(tmp_path, shared_redis().url, new_realm(), shop=shop, office=office_s)
    with closing(Gate(realm)) as gate:
        use_the_pass_of_the_office_in_the_shop(gate)


def use_the_pass_of_the_office_in_the_shop(gate: Gate) -> None:
    erin = gate.enrolled()
    with closing(Gate(gate.realm, "office")) as office:
        at_office = Visitor(office, gate.realm.clock, origin=ORIGINS["office"], app="office", key=erin.key)
        at_office.log_in("erin", "login-1")
        assert at_office.verify().status == 303
        assert at_office.go("/home").status == 200
        value = at_office.cookie("pass").rpartition(".")[2]  # its row lies under the same key as those of the shop
        assert is_asked_for_a_code(gate, comes_with(gate, "pass", key_of(erin), value, "login-1"))


# ---- flags on roles -------------------------------------------------------------------------------------------------


def test_a114_a_flag_that_was_written_over_is_503_and_never_none(gate: Gate, client: redis.Redis) -> None:
    set_flag(gate, "Chef")
    set_flag(gate, "Cook")
    set_flag(gate, "Cook", is_enforced=False)
    assert gate.visitor("erin").go("/home").status == 303
    assert gate.visitor("wendy").go("/home").status == 200
    flags = realm_keys(gate.realm.settings.realm)[0]
    before: Any = client.dump(flags)
    rows = client.hgetall(flags)
    calls = gate.calls
    for field in rows:
        for value in {*rows.values(), b"", b"\xff" * 40, rows[field][::-1], rows[field][:-1]} - {rows[field]}:
            client.hset(flags, field, value)
            gate.realm.clock.on(FLAG_SECONDS + 1)  # what was known of the flags is asked again, be it heard of or not
            for user in ("erin", "wendy"):
                thief = gate.visitor(user, "login-9")
                assert thief.go("/home").status in (303, 503)  # 303: to the set-up, as before
        client.restore(flags, 0, before, replace=True)
    assert gate.calls == calls


def test_a114_a_flag_that_was_made_up_lets_nobody_by(gate: Gate, client: redis.Redis) -> None:
    set_flag(gate, "Chef")
    flags = realm_keys(gate.realm.settings.realm)[0]
    ((field, value), *_) = client.hgetall(flags).items()
    client.hset(flags, b"x" * len(field), value)
    assert gate.visitor("erin", "login-9").go("/home").status == 503
    assert gate.calls == 0
