"""Events as they are kept: sealed for one user and time, by names that are known, and who was seen beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twofa_middleware
from core.flows.people import ERIN, NOW, SITE, USER, site
from core.flows.stepping import step
from core.flows.written import names, opened, seen, seen_roles
from twofa_middleware.accounts.audit import EVENTS, MINOR, Telling, owner_of, read_event, row_of, telling_of
from twofa_middleware.asks import REALM, Absent, Done, EventRow, LogRow, Random
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.protocol import Event, Login, Person, UserKey
from twofa_middleware.sealing import NONCE_BYTES

NONCE = b"n" * NONCE_BYTES
WRONG = Event("code wrong", NOW, "shop", "5", {"by": "totp", "left": 4}, None, "warning", "erin")


def carried(row: LogRow, user: UserKey = USER) -> EventRow:
    return EventRow("1", user, row.id, row.at, row.record)


ROW = carried(row_of(SITE.sealer, WRONG, NONCE))


def telling(*events: Event, **more: Any) -> Telling:
    return step(telling_of(SITE.desk, {"done": events}, **more)).result


# ---- a row ----------------------------------------------------------------------------------------------------------


def test_an_event_is_read_back_as_it_was_written() -> None:
    assert read_event(SITE.sealer, ROW) == WRONG


def test_a_traceback_is_not_kept() -> None:
    row = row_of(SITE.sealer, replace(WRONG, error=ValueError("a secret may stand here")), NONCE)
    assert read_event(SITE.sealer, carried(row)).error is None


@pytest.mark.parametrize(
    "moved",
    [
        replace(ROW, user=SITE.sealer.user_key("6")),
        replace(ROW, user=REALM),
        replace(ROW, at=NOW + 1),
        replace(ROW, record=b""),
        replace(ROW, record=ROW.record[:-1] + bytes([ROW.record[-1] ^ 1])),
        replace(ROW, record=site(realm="other").sealer.seal("event", (USER, NOW), b"", NONCE)),
        replace(ROW, record=SITE.sealer.seal("person", (USER,), b"", NONCE)),
    ],
    ids=["another user", "the realm", "another time", "nothing", "a bit", "another realm", "another purpose"],
)
def test_a114_an_event_opens_for_its_user_and_time_alone(moved: EventRow) -> None:
    with pytest.raises(UnreadableRecord):
        read_event(SITE.sealer, moved)


@given(st.binary(max_size=80))
def test_a083_no_bytes_that_somebody_writes_are_an_event(record: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        read_event(SITE.sealer, replace(ROW, record=record))


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode(["code wrong", "shop"])])
def test_an_authentic_event_of_no_known_form_is_unreadable(payload: bytes) -> None:
    record = SITE.sealer.seal("event", (USER, NOW), payload, NONCE)
    with pytest.raises(UnreadableRecord):
        read_event(SITE.sealer, replace(ROW, record=record))


def test_an_event_is_named_by_the_random_bytes_that_seal_it() -> None:
    assert row_of(SITE.sealer, WRONG, NONCE).id == NONCE


def test_an_event_without_a_user_lies_in_the_log_of_the_realm() -> None:
    event = Event("role enforced", NOW, "", facts={"role": "Clerk"})
    assert owner_of(SITE.sealer, event) == REALM
    assert opened(row_of(SITE.sealer, event, NONCE), REALM) == event
    assert owner_of(SITE.sealer, WRONG) == USER


def test_an_event_of_somebody_whose_id_nobody_knows_lies_in_the_log_of_their_key() -> None:
    event = Event("pass ended", NOW, "shop")
    assert opened(row_of(SITE.sealer, event, NONCE, USER)) == event


# ---- names ----------------------------------------------------------------------------------------------------------


def test_a_name_that_nobody_has_explained_is_an_error_where_it_is_written() -> None:
    with pytest.raises(KeyError):
        row_of(SITE.sealer, replace(WRONG, name="code worng"), NONCE)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_minor_if_anybody_with_a_password_can_make_it_without_end(name: str) -> None:
    assert row_of(SITE.sealer, replace(WRONG, name=name), NONCE).is_minor is (name in MINOR)


def test_what_changes_something_or_counts_is_never_minor() -> None:
    assert EVENTS.keys() > MINOR
    assert MINOR.isdisjoint(
        {"code accepted", "code wrong", "enrolled", "disabled by the user", "role enforced", "browser remembered"}
        | {name for name in EVENTS if "administrator" in name}
    )


def _texts() -> Iterator[str]:
    """Every text in the code, but for the table of events itself."""
    for file in Path(twofa_middleware.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text())
        if file.name == "audit.py":
            tree.body = [node for node in tree.body if not isinstance(node, ast.AnnAssign | ast.Assign)]
        yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str)


def test_every_event_that_is_explained_can_happen() -> None:
    made = {"verify demanded", "setup demanded"}  # refusals.py puts these together
    assert EVENTS.keys() - made <= set(_texts())


# ---- notes ----------------------------------------------------------------------------------------------------------


def test_notes_have_the_events_of_each_outcome_in_their_order() -> None:
    right = replace(WRONG, name="code accepted")
    made = step(telling_of(SITE.desk, {"done": [WRONG, right], "absent": [right], "moved": []})).result
    assert names(made.notes) == {"done": ["code wrong", "code accepted"], "absent": ["code accepted"], "moved": []}


def test_what_is_told_is_the_outcome_that_the_store_answered() -> None:
    right = replace(WRONG, name="code accepted")
    made = step(telling_of(SITE.desk, {"done": [WRONG, right], "absent": [right]})).result
    told = [step(made.tell(answer)).events for answer in (Done(), Absent())]
    assert told == [["code wrong", "code accepted"], ["code accepted"]]


def test_an_event_is_ready_at_once_unless_it_may_still_be_taken_back() -> None:
    (now,), (later,) = (telling(WRONG, settles_in=seconds).notes.rows["done"] for seconds in (0, 10))
    assert (now.ready_at, later.ready_at, later.at) == (NOW, NOW + 10, NOW)


@pytest.mark.parametrize(
    ("more", "records"), [({}, 2), ({"login": ERIN}, 3), ({"login": ERIN, "roles": frozenset({"Cook"})}, 4)]
)
def test_each_record_is_sealed_with_random_bytes_of_its_own(more: Any, records: int) -> None:
    done = step(telling_of(SITE.desk, {"done": [WRONG, WRONG]}, **more))
    assert done.asked == [Random(NONCE_BYTES * records)]
    assert len({row.id for row in done.result.notes.rows["done"]}) == 2


def test_where_there_is_nothing_to_seal_nothing_random_is_made() -> None:
    assert step(telling_of(SITE.desk, {"done": []})).asked == []


def test_who_was_there_is_written_only_where_it_is_asked_for() -> None:
    assert seen(telling(WRONG).notes) is None
    erin = Login("5", "session-1", "erin", "erin@example.org")
    assert seen(telling(login=erin).notes) == Person("5", "erin", email="erin@example.org")


@pytest.mark.parametrize("roles", [frozenset(), frozenset({"Cook", "Büro"})])
def test_roles_are_written_as_they_were_seen_also_none_at_all(roles: frozenset[str]) -> None:
    assert seen_roles(telling(login=ERIN, roles=roles).notes) == roles
    assert seen_roles(telling(login=ERIN).notes) is None


def test_a114_who_was_seen_opens_for_that_user_alone() -> None:
    notes = telling(login=ERIN, roles=frozenset({"Cook"})).notes
    bea = SITE.sealer.user_key("6")
    assert (seen(notes, bea), seen_roles(notes, bea)) == (None, frozenset())
