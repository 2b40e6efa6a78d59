"""The entries of a file: their names are a format, and what a later version adds is passed over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from twofa_middleware.asks import AccountRow, BrowserRow, EventRow, LogRow, PassRow, Records, RoleRow
from twofa_middleware.errors import BadFile
from twofa_middleware.moving.entries import (
    EndEntry,
    Entry,
    EventsEntry,
    RoleEntry,
    UserEntry,
    key_ids,
    pack,
    unpack,
)
from twofa_middleware.protocol import UserKey

# Each as version 1 writes it. A change here is a change of the format: files of before are still read, or get "twofa
# export 2" at their beginning.
ACCOUNT = {
    "generation": 2**59, "last_step": 7, "roster": b"\x02key1roster", "authenticators": {"a1": b"\x01key2secret"},
    "codes": [b"key3hash"],
}  # fmt: skip
PASS = {"digest": b"d", "record": b"\x02key4", "proven": True, "opened_at": 1, "expires_at": 2, "used_at": 3}
BROWSER = {"digest": b"b", "record": b"\x02key5", "opened_at": 1, "expires_at": 2, "used_at": 3}
LOG = {"id": b"i", "at": 1, "ready_at": 2, "record": b"\x01key8", "is_minor": False}
USER = {
    "type": "user",
    "user": "u1",
    "records": {
        "account": ACCOUNT, "passes": [PASS], "browsers": [BROWSER], "person": b"\x01key6", "roles": b"\x01key7",
        "failures": {5: 1}, "recovery_tries": {6: 2}, "in_a_row": 1, "wait_until": 9, "met": {"rule": 4}, "log": [LOG],
    },
}  # fmt: skip
ROLE = {"type": "role", "row": {"key": "k", "version": 3, "record": b"\x02key9"}}
EVENTS = {"type": "events", "rows": [{"position": "", "user": "u1", "id": b"i", "at": 1, "record": b"\x01keyA"}]}
END = {"type": "end", "users": 1, "roles": 1, "events": 1, "keys": [b"key1"]}

READ: list[tuple[dict[str, Any], Entry]] = [
    (
        USER,
        UserEntry(
            UserKey("u1"),
            Records(
                AccountRow(2**59, 7, b"\x02key1roster", {"a1": b"\x01key2secret"}, frozenset({b"key3hash"})),
                (PassRow(b"d", b"\x02key4", True, 1, 2, 3),),
                (BrowserRow(b"b", b"\x02key5", 1, 2, 3),),
                b"\x01key6",
                b"\x01key7",
                {5: 1},
                {6: 2},
                1,
                9,
                {"rule": 4},
                (LogRow(b"i", 1, 2, b"\x01key8"),),
            ),
        ),
    ),
    (ROLE, RoleEntry(RoleRow("k", 3, b"\x02key9"))),
    (EVENTS, EventsEntry((EventRow("", UserKey("u1"), b"i", 1, b"\x01keyA"),))),
    (END, EndEntry(users=1, roles=1, events=1, keys=(b"key1",))),
]


def framed(document: Any) -> bytes:
    body = msgspec.msgpack.encode(document)
    return len(body).to_bytes(4) + body


@pytest.mark.parametrize(("document", "entry"), READ)
def test_what_version_1_writes_is_read_and_written_alike(document: dict[str, Any], entry: Entry) -> None:
    assert list(unpack([framed(document)])) == [entry]
    assert msgspec.msgpack.decode(pack(entry)[4:]) == document


@pytest.mark.parametrize(("document", "entry"), READ)
def test_what_a_later_version_adds_is_passed_over(document: dict[str, Any], entry: Entry) -> None:
    assert list(unpack([framed(document | {"added": [1, {"x": b"y"}]})])) == [entry]


def test_what_an_earlier_version_did_not_have_has_a_default() -> None:
    assert list(unpack([framed({"type": "user", "user": "u1", "records": {}})])) == [
        UserEntry(UserKey("u1"), Records())
    ]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_entries_are_read_wherever_chunks_end(size: int) -> None:
    data = b"".join(framed(document) for document, _ in READ)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert list(unpack(chunks)) == [entry for _, entry in READ]


@pytest.mark.parametrize(
    "data", [framed({"type": "added"}), framed(5), framed(USER | {"user": 5}), framed(USER)[:-1], b"\0\0"]
)
def test_an_entry_that_cannot_be_read_stops_the_reading(data: bytes) -> None:
    with pytest.raises(BadFile):
        list(unpack([data]))


def test_the_keys_of_every_record_are_found() -> None:
    found = {key_id for _, entry in READ for key_id in key_ids(entry)}
    assert found == {f"key{letter}".encode() for letter in "123456789A"}
