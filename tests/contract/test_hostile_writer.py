"""Somebody who can write to the store's file, and has no key. Attacks 31, 114, 115, 118."""

from __future__ import annotations

import sqlite3

import pytest

from support.realm import make_realm
from support.stage import Open, Stage
from support.visitor import Visitor

ACCOUNT_TABLES = ("accounts", "authenticators", "codes")
ALL_TABLES = (*ACCOUNT_TABLES, "passes", "browsers", "setups")


@pytest.fixture
def people(stage: Stage) -> tuple[Visitor, Visitor, str, str]:
    """Erin, the thief Mallory who has an account of his own, and their names in the store."""
    names = []
    people = []
    for user in ("erin", "mallory"):
        people.append(stage.enrolled(user))
        with stage.database() as db:
            known = {name for (name,) in db.execute("SELECT user FROM accounts")}
        names.append((known - set(names)).pop())
    return people[0], people[1], names[0], names[1]


def copy(db: sqlite3.Connection, table: str, source: str, target: str) -> None:
    db.execute(f"DELETE FROM {table} WHERE user = ?", (target,))
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    rest = ", ".join(column for column in columns if column != "user")
    db.execute(f"INSERT INTO {table} (user, {rest}) SELECT ?, {rest} FROM {table} WHERE user = ?", (target, source))


def refuses_erin(stage: Stage, *visitors: Visitor) -> None:
    stage.spy.calls.clear()
    for visitor in (*visitors, stage.visitor("erin", "login-9")):
        assert (visitor.go("/home").status, visitor.go("/2fa/setup").status) == (503, 503)
    assert stage.spy.calls == []
    assert stage.visitor("wendy").go("/home").status == 200


@pytest.mark.parametrize("tables", [ACCOUNT_TABLES, ALL_TABLES, ("accounts",), ("authenticators",)])
def test_a114_the_account_of_one_is_none_of_anothers(
    stage: Stage, people: tuple[Visitor, Visitor, str, str], tables: tuple[str, ...]
) -> None:
    erin, _, hers, his = people
    with stage.database() as db:
        for table in tables:
            copy(db, table, his, hers)
    refuses_erin(stage, erin)


def test_a114_the_recovery_codes_of_one_are_none_of_anothers(
    stage: Stage, people: tuple[Visitor, Visitor, str, str]
) -> None:
    _, mallory, hers, his = people
    with stage.database() as db:
        copy(db, "codes", his, hers)
    thief = stage.visitor("erin", "login-9")
    assert thief.recover(mallory.codes[0]).status == 422


@pytest.mark.parametrize("kind", ["pass", "browser"])
def test_a114_a_pass_or_browser_of_one_is_none_of_anothers(
    stage: Stage, people: tuple[Visitor, Visitor, str, str], kind: str
) -> None:
    _, mallory, hers, his = people
    mallory.log_in("mallory", "login-1")
    mallory.cookies.pop("2fa-pass-test-shop")
    mallory.verify(remember="1")
    with stage.database() as db:
        for table in ("passes", "browsers"):
            copy(db, table, his, hers)
        db.execute("UPDATE accounts SET generation = generation")
    thief = stage.visitor("erin", "login-1")
    token = mallory.cookie(kind)
    if kind == "pass":
        thief.cookies["2fa-pass-test-shop"] = f"{hers}.{token.partition('.')[2]}"
    else:
        thief.cookies[f"2fa-browser-test-{hers}"] = token
    assert thief.go("/home").status == 303
    assert stage.spy.calls == []


PASSES = {
    "a later end": "UPDATE passes SET expires_at = expires_at + 8640000",
    "a pass that was unproven": "UPDATE passes SET proven = 1",
    "an empty record": "UPDATE passes SET record = x''",
    "a record of zeros": "UPDATE passes SET record = zeroblob(60)",
    "no record's shape": "UPDATE passes SET record = x'02'",
}


@pytest.mark.parametrize("change", PASSES)
def test_a114_a_pass_that_was_written_over_ends_as_it_was_made_to(stage: Stage, change: str) -> None:
    erin = stage.enrolled()
    with stage.database() as db:
        assert db.execute(PASSES[change]).rowcount == 1
    stage.clock.on(86400)
    assert erin.go("/home").status == 303
    assert stage.spy.calls == []


def test_a114_a_browser_that_was_written_over_ends_after_its_90_days(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    with stage.database() as db:
        db.execute("UPDATE browsers SET expires_at = expires_at * 2, opened_at = opened_at * 2")
    stage.clock.on(90 * 86400)
    erin.log_in(login="login-3")
    assert erin.go("/home").status == 303


OTHER_LAST_BYTE = "CASE substr(roster, -1) WHEN x'00' THEN x'01' ELSE x'00' END"

EDITS = {
    "an authenticator taken away": "DELETE FROM authenticators WHERE user = :user",
    "an authenticator renamed": "UPDATE authenticators SET id = 'x' WHERE user = :user",
    "an authenticator planted": "INSERT INTO authenticators SELECT user, 'x', record FROM authenticators WHERE user = :user",
    "a roster of nothing": "UPDATE accounts SET roster = x'' WHERE user = :user",
    "a roster cut": "UPDATE accounts SET roster = substr(roster, 1, 20) WHERE user = :user",
    "a roster with another last byte": f"UPDATE accounts SET roster = CAST(substr(roster, 1, length(roster) - 1) || {OTHER_LAST_BYTE} AS BLOB) WHERE user = :user",
    "another generation": "UPDATE accounts SET generation = generation + 1 WHERE user = :user",
    "an earlier generation": "UPDATE accounts SET generation = generation - 1 + 1048576 WHERE user = :user",
    "a secret of zeros": "UPDATE authenticators SET record = zeroblob(length(record)) WHERE user = :user",
    "a secret of nothing": "UPDATE authenticators SET record = x'' WHERE user = :user",
}


@pytest.mark.parametrize("edit", EDITS)
def test_a114_a115_an_account_that_was_written_over_is_503_and_never_a_new_set_up(
    stage: Stage, people: tuple[Visitor, Visitor, str, str], edit: str
) -> None:
    _, _, hers, _ = people
    with stage.database() as db:
        assert db.execute(EDITS[edit], {"user": hers}).rowcount == 1
    stage.spy.calls.clear()
    thief = stage.visitor("erin", "login-9")
    assert (thief.go("/home").status, thief.fetch("/api").status) == (503, 503)
    assert thief.go("/2fa/setup").status in (303, 503)
    assert thief.key == ""
    assert stage.spy.calls == []


def _swap(db: sqlite3.Connection) -> None:
    """Exchange the records of the two set-ups."""
    (user, digest, record), (other, its, theirs) = db.execute("SELECT user, digest, record FROM setups").fetchall()
    change = "UPDATE setups SET record = ? WHERE user = ? AND digest = ?"
    db.execute(change, (theirs, user, digest))
    db.execute(change, (record, other, its))


@pytest.mark.parametrize(("user", "in_her_browser"), [("mallory", True), ("mallory", False), ("erin", False)])
def test_a114_a_set_up_is_for_its_user_and_its_browser(stage: Stage, user: str, in_her_browser: bool) -> None:
    erin, other = stage.visitor("erin"), stage.visitor(user)
    erin.go("/2fa/setup")
    if in_her_browser:
        other.cookies["2fa-flow-test-shop"] = erin.cookie("flow")
    other.go("/2fa/setup")
    with stage.database() as db:
        _swap(db)
    assert erin.go("/2fa/setup").status == 503


def test_a063_a114_a_set_up_of_before_that_is_put_back_is_dead(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.confirm("disable")
    erin.go("/2fa/setup")
    with stage.database() as db:
        kept = db.execute("SELECT * FROM setups").fetchall()
    stage.clock.on(30)
    erin.set_up()
    stage.clock.on(30)
    erin.confirm("disable")
    with stage.database() as db:
        db.executemany(f"INSERT INTO setups VALUES ({', '.join('?' * len(kept[0]))})", kept)
    assert erin.go("/2fa/setup").status == 503


def test_a031_two_realms_have_nothing_in_common_even_over_one_file_and_key_ring(stage: Stage) -> None:
    erin = stage.enrolled()
    other = make_realm(stage.realm.folder, realm="other")
    other.clock = stage.clock
    there = Stage(other, stage.spies, stage.wrap, stage.everybody).visitor("erin")
    there.cookies |= {name.replace("-test-", "-other-"): value for name, value in erin.cookies.items()}
    there.log_in("erin", "login-1")
    assert "is <strong>off</strong>" in there.go("/2fa/account").text


@pytest.mark.parametrize("table", ["passes", "browsers"])
def test_a085_a114_what_was_kept_from_before_a_change_and_put_back_is_dead(stage: Stage, table: str) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    stage.clock.on(30)
    before = dict(erin.cookies)
    with stage.database() as db:
        kept = db.execute(f"SELECT * FROM {table}").fetchall()
    assert erin.confirm("codes").status == 200
    with stage.database() as db:
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(kept[0]))})", kept)
    erin.cookies = {name: value for name, value in before.items() if ("pass" in name) != (table == "browsers")}
    erin.log_in(login="login-2" if table == "passes" else "login-3")
    assert erin.go("/home").status == 303


def test_a114_a_pass_that_needed_nothing_is_none_of_somebody_who_must_set_up(open_stage: Open) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles={"use": "static", "users": {"erin": ["Chef"]}})
    wendy = stage.visitor("wendy")
    wendy.go("/home")
    stage.spy.calls.clear()
    erin = stage.visitor("erin")
    erin.go("/2fa/setup")
    with stage.database() as db:
        hers = db.execute("SELECT user FROM setups").fetchone()[0]
        copy(db, "passes", db.execute("SELECT user FROM passes").fetchone()[0], hers)
    erin.cookies["2fa-pass-test-shop"] = f"{hers}.{wendy.cookie('pass').partition('.')[2]}"
    assert (erin.go("/home").header("location"), stage.spy.calls) == ("/2fa/setup?next=/home", [])


def test_a118_the_store_never_learns_who_somebody_is(stage: Stage) -> None:
    stage.enrolled("erin-with-a-long-name")
    files = b"".join(path.read_bytes() for path in stage.realm.store_file.parent.glob("twofa.db*"))
    assert b"erin-with-a-long-name" not in files
