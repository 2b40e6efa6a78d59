"""What somebody who can write to the store can still do: what SECURITY.md says of him, and the end of it. Attack 114."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from core.hostile.test_redis_writer import keys
from core.hostile.test_writer import is_asked_for_a_code, key_of
from support.gates import Gate, realm_on
from support.redis_servers import new_realm, shared_redis
from twofa_middleware import asks


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with closing(Gate(realm_on(tmp_path, shared_redis().url, new_realm()))) as gate:
        yield gate


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    with closing(redis.Redis(port=shared_redis().port, protocol=2)) as made:
        yield made


def test_an_account_that_is_deleted_is_not_enrolled(gate: Gate, client: redis.Redis) -> None:
    erin = gate.enrolled()
    client.delete(keys(gate, erin)["account"])
    assert gate.visitor("erin", "login-9").go("/home").status == 200


def test_a_state_of_before_comes_back_with_its_passes(gate: Gate, client: redis.Redis) -> None:
    erin = gate.enrolled()
    before = {key: value for key in keys(gate, erin).values() if (value := client.dump(key))}
    cookies = dict(erin.cookies)
    assert erin.confirm("codes").status == 200
    erin.cookies = cookies
    assert is_asked_for_a_code(gate, erin)
    for key, value in before.items():
        client.restore(key, 0, value, replace=True)
    erin.cookies = cookies
    assert erin.go("/home").status == 200


def test_recovery_codes_come_back_alone_also_those_of_a_set_of_before(gate: Gate, client: redis.Redis) -> None:
    erin = gate.enrolled()
    account, old_codes = keys(gate, erin)["account"], list(erin.codes)
    before = client.hgetall(account)
    assert erin.confirm("codes").status == 200
    thief = gate.visitor("erin", "login-9")
    assert thief.recover(old_codes[0]).status == 422
    client.hset(account, mapping={field: value for field, value in before.items() if field.startswith(b"c")})
    assert gate.visitor("erin", "login-8").recover(old_codes[0]).status == 303


def test_a_step_that_is_put_back_makes_a_code_good_again_until_it_is_too_old(gate: Gate, client: redis.Redis) -> None:
    erin = gate.enrolled()
    account = keys(gate, erin)["account"]
    before, used = client.hget(account, "s"), erin.code()
    thief = gate.visitor("erin", "login-9")
    assert thief.verify(used).status == 303
    assert gate.visitor("erin", "login-8").verify(used).status == 422
    client.hset(account, "s", before)
    assert gate.visitor("erin", "login-7").verify(used).status == 303
    client.hset(account, "s", before)
    gate.realm.clock.on(90)
    assert gate.visitor("erin", "login-6").verify(used).status == 422


def test_failures_are_cleared_and_made_up(gate: Gate, client: redis.Redis) -> None:
    erin = gate.enrolled()
    seen, user, now = keys(gate, erin)["seen"], key_of(erin), gate.realm.clock.now
    thief = gate.visitor("erin", "login-9")
    thief.key = erin.key
    for _ in range(5):
        thief.verify(thief.wrong_code())
    assert isinstance(gate.answer(asks.ReadAttempts(user, now)), asks.Waiting)
    client.delete(seen)
    assert gate.answer(asks.ReadAttempts(user, now)) == asks.Ready(5)
    client.hset(seen, f"f{now}", asks.STOP_FAILURES)
    assert gate.answer(asks.ReadAttempts(user, now)) == asks.Stopped()
