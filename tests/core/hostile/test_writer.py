"""Somebody who can write to the store, and has no key: what he writes opens nothing. Attacks 31, 85, 114, 115, 116.

On Redis and SQLite alike, by records that are whole; ``test_redis_writer.py`` writes to a Redis with its own commands.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.canaries import CANARIES
from support.gates import Gate, realm_on
from support.redis_servers import new_realm, shared_redis
from support.stores import sqlite_url
from support.visitor import Visitor
from twofa_middleware import asks
from twofa_middleware.asks import Records
from twofa_middleware.browser.cookies import digest, token
from twofa_middleware.protocol import UserKey

DAY = 86400
FOREVER = 100 * 365 * DAY
MADE_UP = token(b"x" * 32).decode()


@pytest.fixture(params=["redis", "sqlite"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gate]:
    url = shared_redis().url if request.param == "redis" else sqlite_url(tmp_path)
    gate = Gate(realm_on(tmp_path, url, new_realm()))
    yield gate
    gate.close()


def key_of(visitor: Visitor) -> UserKey:
    """A user's name in the store, as everybody's pass cookie tells it."""
    return UserKey(visitor.cookie("pass").partition(".")[0])


def records_of(gate: Gate, user: UserKey) -> Records:
    found: Records = gate.answer(asks.ReadRecords(user))
    return found


def write(gate: Gate, user: UserKey, **changes: Any) -> None:
    """Other records in the place of those of a user."""
    before = records_of(gate, user)
    records = dataclasses.replace(before, **changes)
    generation = before.account.generation if before.account else 0
    assert gate.answer(asks.WriteRecords(user, generation, records, gate.realm.clock.now)) == asks.Done()


def account_of(gate: Gate, user: UserKey) -> asks.AccountRow:
    account = records_of(gate, user).account
    assert account is not None
    return account


def comes_with(gate: Gate, kind: str, user: UserKey, value: str, login: str = "login-9") -> Visitor:
    """A thief of the password, with a cookie that he has made."""
    thief = gate.visitor("erin", login)
    realm = gate.realm.settings.realm
    name = f"2fa-pass-{realm}-shop" if kind == "pass" else f"2fa-browser-{realm}-{user}"
    thief.cookies[name] = f"{user}.{value}" if kind == "pass" else value
    return thief


def is_asked_for_a_code(gate: Gate, thief: Visitor) -> bool:
    calls = gate.calls
    reply = thief.go("/home")
    return (reply.status, gate.calls) == (303, calls) and "/2fa/verify" in (reply.header("location") or "")


def is_closed(gate: Gate, thief: Visitor) -> bool:
    """503, and no set-up begins: an account that cannot be read is never one that is not there."""
    calls = gate.calls
    asked = {thief.go("/home").status, thief.fetch("/api").status}
    thief.go("/2fa/setup")
    return asked == {503} and not thief.key and gate.calls == calls


def remembered(gate: Gate, visitor: Visitor, login: str = "login-2") -> Visitor:
    """The same person, with a browser that is remembered, and a new code there already."""
    visitor.cookies = {}
    visitor.log_in("erin", login)
    assert visitor.verify(remember="1").status == 303
    gate.realm.clock.on(30)
    return visitor


# ---- passes and browsers --------------------------------------------------------------------------------------------


def test_a114_a_pass_that_was_made_up_is_none(gate: Gate) -> None:
    erin = gate.enrolled()
    user, now = key_of(erin), gate.realm.clock.now
    (own,) = records_of(gate, user).passes
    for record in (b"", b"\x02", bytes(60), own.record, own.record[:-1] + b"\x00"):
        row = asks.PassRow(digest(MADE_UP.encode()), record or b"\0", True, now, now + DAY, now)
        write(gate, user, passes=(own, row))
        assert is_asked_for_a_code(gate, comes_with(gate, "pass", user, MADE_UP, "login-1"))
    assert erin.go("/home").status == 200


def test_a114_a_browser_that_was_made_up_is_none(gate: Gate) -> None:
    erin = remembered(gate, gate.enrolled())
    user, now = key_of(erin), gate.realm.clock.now
    (own,) = records_of(gate, user).browsers
    for record in (b"\x02", bytes(60), own.record, own.record[:-1] + b"\x00"):
        row = asks.BrowserRow(digest(MADE_UP.encode()), record, now, now + DAY, now)
        write(gate, user, browsers=(own, row))
        assert is_asked_for_a_code(gate, comes_with(gate, "browser", user, MADE_UP))


def test_a116_a_pass_is_no_browser_and_a_browser_no_pass(gate: Gate) -> None:
    erin = remembered(gate, gate.enrolled())
    user, records = key_of(erin), records_of(gate, key_of(erin))
    (browser,) = records.browsers
    passes = tuple(asks.PassRow(**(_facts(browser) | {"proven": True})) for _ in (1,))
    browsers = tuple(
        asks.BrowserRow(**{k: v for k, v in _facts(row).items() if k != "proven"}) for row in records.passes
    )
    write(gate, user, passes=passes, browsers=browsers)
    assert is_asked_for_a_code(gate, comes_with(gate, "pass", user, erin.cookie("browser"), "login-2"))
    token_of_pass = erin.cookie("pass").partition(".")[2]
    assert is_asked_for_a_code(gate, comes_with(gate, "browser", user, token_of_pass))


def _facts(row: Any) -> dict[str, Any]:
    return {one.name: getattr(row, one.name) for one in dataclasses.fields(row)}


@pytest.mark.parametrize(("kind", "days"), [("passes", 1), ("browsers", 90)])
def test_a114_who_extends_the_times_of_a_row_extends_nothing(gate: Gate, kind: str, days: int) -> None:
    erin = remembered(gate, gate.enrolled())
    user = key_of(erin)
    rows = getattr(records_of(gate, user), kind)
    later = tuple(dataclasses.replace(row, expires_at=row.expires_at + FOREVER) for row in rows)
    write(gate, user, **{kind: later})
    gate.realm.clock.on(days * DAY)
    if kind == "passes":
        erin.cookies = {name: value for name, value in erin.cookies.items() if "browser" not in name}
    erin.log_in("erin", "login-2" if kind == "passes" else "login-3")
    assert is_asked_for_a_code(gate, erin)


@pytest.mark.parametrize("kind", ["passes", "browsers"])
def test_a085_a114_rows_from_before_a_change_are_dead(gate: Gate, kind: str) -> None:
    erin = remembered(gate, gate.enrolled())
    user, cookies = key_of(erin), dict(erin.cookies)
    kept = getattr(records_of(gate, user), kind)
    assert erin.confirm("codes").status == 200
    write(gate, user, **{kind: kept})
    erin.cookies = {name: value for name, value in cookies.items() if ("pass" in name) == (kind == "passes")}
    erin.log_in("erin", "login-2" if kind == "passes" else "login-3")
    assert is_asked_for_a_code(gate, erin)


# ---- accounts and secrets -------------------------------------------------------------------------------------------

Edit = Callable[[asks.AccountRow, asks.AccountRow], dict[str, Any]]


def _only(account: asks.AccountRow) -> tuple[str, bytes]:
    ((name, record),) = account.authenticators.items()
    return name, record


EDITS: dict[str, Edit] = {
    "another's secret": lambda hers, his: {"authenticators": {_only(hers)[0]: _only(his)[1]}},
    "another's authenticator": lambda hers, his: {"authenticators": his.authenticators},
    "one more authenticator": lambda hers, his: {"authenticators": {**hers.authenticators, **his.authenticators}},
    "an authenticator under another name": lambda hers, his: {"authenticators": {"x": _only(hers)[1]}},
    "no authenticator": lambda hers, his: {"authenticators": {}},
    "a secret of zeros": lambda hers, his: {"authenticators": {_only(hers)[0]: bytes(len(_only(hers)[1]))}},
    "a short secret": lambda hers, his: {"authenticators": {_only(hers)[0]: _only(hers)[1][:-1]}},
    "another's roster": lambda hers, his: {"roster": his.roster},
    "another's roster and authenticator": lambda hers, his: {
        "roster": his.roster,
        "authenticators": his.authenticators,
    },
    "all that is another's": lambda hers, his: _facts(his),
    "a roster cut": lambda hers, his: {"roster": hers.roster[:-1]},
    "a later generation": lambda hers, his: {"generation": hers.generation + 1},
    "an earlier generation": lambda hers, his: {"generation": hers.generation - 1},
}


@pytest.mark.parametrize("edit", EDITS)
def test_a114_a115_an_account_that_was_written_over_is_503_and_never_a_new_set_up(gate: Gate, edit: str) -> None:
    erin, mallory = gate.enrolled(), gate.enrolled("mallory")
    user = key_of(erin)
    hers, his = account_of(gate, user), account_of(gate, key_of(mallory))
    write(gate, user, account=dataclasses.replace(hers, **EDITS[edit](hers, his)))
    assert is_closed(gate, gate.visitor("erin", "login-9"))
    assert gate.visitor("wendy").go("/home").status == 200


def test_a114_a115_the_account_of_somebody_who_has_switched_it_off_switches_nothing_off(gate: Gate) -> None:
    erin, mallory = gate.enrolled(), gate.enrolled("mallory")
    user, his_key = key_of(erin), key_of(mallory)
    assert mallory.confirm("disable").status in (200, 303)
    hers, his = account_of(gate, user), account_of(gate, his_key)
    assert not his.authenticators
    for planted in (his, dataclasses.replace(his, generation=hers.generation)):
        write(gate, user, account=planted)
        assert is_closed(gate, gate.visitor("erin", "login-9"))
        write(gate, user, account=hers)
    assert is_asked_for_a_code(gate, gate.visitor("erin", "login-9"))


def test_a115_a_roster_of_before_under_the_generation_of_now_is_503(gate: Gate) -> None:
    erin = gate.enrolled()
    user = key_of(erin)
    before = account_of(gate, user)
    assert erin.confirm("disable").status in (200, 303)
    gate.realm.clock.on(30)
    assert erin.set_up().status == 200
    now = account_of(gate, user)
    for changes in ({"roster": before.roster}, {"authenticators": before.authenticators}):
        write(gate, user, account=dataclasses.replace(now, **changes))
        assert is_closed(gate, gate.visitor("erin", "login-9"))
    write(gate, user, account=now)
    assert erin.go("/home").status == 200


# ---- recovery codes -------------------------------------------------------------------------------------------------


def test_a114_a_recovery_hash_that_was_planted_is_no_code(gate: Gate) -> None:
    erin, mallory = gate.enrolled(), gate.enrolled("mallory")
    user = key_of(erin)
    hers, his = account_of(gate, user), account_of(gate, key_of(mallory))
    letters = mallory.codes[0].replace("-", "").encode()
    own = min(hers.codes)
    planted = {own[:length] for length in range(1, len(own))} | his.codes
    planted |= {own[:4] + hashlib.sha256(letters).digest()[:size] for size in (0, 1, 10, 16, 32)}
    planted |= {letters, hashlib.sha256(letters).digest()}
    CANARIES.forget(mallory.codes[0])  # here it stands in the store
    write(gate, user, account=dataclasses.replace(hers, codes=hers.codes | planted))
    thief = gate.visitor("erin", "login-9")
    for text in (*mallory.codes[:3], "", "0", "0000-0000-0000-0000"):
        assert thief.recover(text).status == 422
    assert thief.cookie("pass") == ""
    assert gate.visitor("erin", "login-8").recover(erin.codes[0]).status == 303
