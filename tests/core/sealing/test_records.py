"""Records in the store: each opens in its own place, whole, under a key of the ring, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer

NONCE = b"n" * 12
PLAIN = b"12345678901234567890"
RING = KeyRing(b"n" * 32, b"key1", {b"key1": b"1" * 32, b"key2": b"2" * 32})
SEALER = Sealer("test", RING)
PLACE: tuple[str | int, ...] = ("user", 7, "phone")
SEALED = SEALER.seal("totp", PLACE, PLAIN, NONCE)
AUTHENTIC = SEALER.authenticate("pass", PLACE, PLAIN)

Open = Callable[..., bytes]


def unreadable(read: Open, *arguments: Any) -> bool:
    try:
        read(*arguments)
    except UnreadableRecord:
        return True
    return False


@given(st.binary(max_size=200), st.text(max_size=9), st.lists(st.text(max_size=9) | st.integers(0, 2**63)).map(tuple))
def test_what_is_sealed_or_authenticated_is_read_back(plain: bytes, purpose: str, place: Any) -> None:
    assert SEALER.open(purpose, place, SEALER.seal(purpose, place, plain, NONCE)) == plain
    assert SEALER.read(purpose, place, SEALER.authenticate(purpose, place, plain)) == plain


def test_a_sealed_record_hides_what_it_holds_and_an_authenticated_one_shows_it() -> None:
    assert PLAIN not in SEALED
    assert PLAIN in AUTHENTIC


def test_a_sealed_secret_of_20_bytes_takes_53() -> None:
    assert len(SEALED) == 53


def test_records_begin_with_version_and_key_id() -> None:
    assert SEALED[:17] == b"\x01key1" + NONCE
    assert AUTHENTIC[:5] == b"\x02key1"


# ---- another place --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        ("other", 7, "phone"),
        ("user", 8, "phone"),
        ("user", 7, "tablet"),
        ("user", "7", "phone"),
        ("user", 7),
        ("user", 7, "phone", ""),
        ("user7", "phone"),
        ("user", 7, "pho", "ne"),
        ("totp", "user", 7, "phone"),
        (),
    ],
)
def test_a114_a_record_is_unreadable_in_another_place(place: Any) -> None:
    assert unreadable(SEALER.open, "totp", place, SEALED)
    assert unreadable(SEALER.read, "pass", place, AUTHENTIC)


def test_a116_a_record_is_unreadable_for_another_purpose() -> None:
    assert unreadable(SEALER.open, "setup", PLACE, SEALED)
    assert unreadable(SEALER.read, "browser", PLACE, AUTHENTIC)


def test_a031_a_record_is_unreadable_in_another_realm_with_the_same_keys() -> None:
    other = Sealer("other", RING)
    assert unreadable(other.open, "totp", PLACE, SEALED)
    assert unreadable(other.read, "pass", PLACE, AUTHENTIC)


def test_a_record_is_unreadable_under_another_key_of_the_same_id() -> None:
    other = Sealer("test", KeyRing(RING.naming, b"key1", {b"key1": b"x" * 32}))
    assert unreadable(other.open, "totp", PLACE, SEALED)
    assert unreadable(other.read, "pass", PLACE, AUTHENTIC)


def test_the_naming_key_has_no_part_in_records() -> None:
    other = Sealer("test", KeyRing(b"x" * 32, RING.current, RING.keys))
    assert other.open("totp", PLACE, SEALED) == PLAIN
    assert other.read("pass", PLACE, AUTHENTIC) == PLAIN


# ---- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_every_flipped_bit_of_a_sealed_record_is_noticed(place: int) -> None:
    for bit in range(8):
        assert unreadable(SEALER.open, "totp", PLACE, _flipped(SEALED, place, bit))


@pytest.mark.parametrize("place", range(len(AUTHENTIC)))
def test_every_flipped_bit_of_an_authenticated_record_is_noticed(place: int) -> None:
    for bit in range(8):
        assert unreadable(SEALER.read, "pass", PLACE, _flipped(AUTHENTIC, place, bit))


def _flipped(record: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(record)
    changed[place] ^= 1 << bit
    return bytes(changed)


@pytest.mark.parametrize("size", range(len(SEALED)))
def test_a_record_cut_short_or_drawn_out_is_noticed(size: int) -> None:
    assert unreadable(SEALER.open, "totp", PLACE, SEALED[:size])
    assert unreadable(SEALER.open, "totp", PLACE, SEALED + SEALED[: size + 1])
    assert unreadable(SEALER.read, "pass", PLACE, AUTHENTIC[: min(size, len(AUTHENTIC) - 1)])
    assert unreadable(SEALER.read, "pass", PLACE, AUTHENTIC + SEALED[: size + 1])


@given(st.binary(max_size=100))
def test_a083_nothing_that_somebody_makes_up_is_a_record(record: bytes) -> None:
    assert unreadable(SEALER.open, "totp", PLACE, record)
    assert unreadable(SEALER.read, "pass", PLACE, record)
    assert unreadable(SEALER.open, "totp", PLACE, b"\x01key1" + record)
    assert unreadable(SEALER.read, "pass", PLACE, b"\x02key1" + record)


@given(st.binary(max_size=60))
def test_a116_sealed_and_authenticated_records_are_never_taken_for_each_other(plain: bytes) -> None:
    sealed, authentic = SEALER.seal("p", PLACE, plain, NONCE), SEALER.authenticate("p", PLACE, plain)
    assert unreadable(SEALER.read, "p", PLACE, sealed)
    assert unreadable(SEALER.read, "p", PLACE, b"\x02" + sealed[1:])
    assert unreadable(SEALER.open, "p", PLACE, authentic)
    assert unreadable(SEALER.open, "p", PLACE, b"\x01" + authentic[1:])


# ---- keys -----------------------------------------------------------------------------------------------------------


def test_a117_records_of_an_older_key_open_while_it_is_in_the_ring_and_new_ones_get_the_current_key() -> None:
    rotated = Sealer("test", KeyRing(RING.naming, b"key2", RING.keys))
    assert rotated.open("totp", PLACE, SEALED) == PLAIN
    assert rotated.read("pass", PLACE, AUTHENTIC) == PLAIN
    assert rotated.seal("totp", PLACE, PLAIN, NONCE)[1:5] == b"key2"
    assert rotated.authenticate("pass", PLACE, PLAIN)[1:5] == b"key2"


def test_a117_a_record_of_a_key_that_is_gone_says_which_key_it_was() -> None:
    without = Sealer("test", KeyRing(RING.naming, b"key2", {b"key2": b"2" * 32}))
    with pytest.raises(UnreadableRecord, match=b"key1".hex()):
        without.open("totp", PLACE, SEALED)
    with pytest.raises(UnreadableRecord, match=b"key1".hex()):
        without.read("pass", PLACE, AUTHENTIC)


def test_the_current_key_signs_last_as_itsdangerous_wants_it() -> None:
    keys = Sealer("test", KeyRing(RING.naming, b"key1", RING.keys)).signing_keys("form")
    rotated = Sealer("test", KeyRing(RING.naming, b"key2", RING.keys)).signing_keys("form")
    alone = Sealer("test", KeyRing(RING.naming, b"key1", {b"key1": b"1" * 32})).signing_keys("form")
    assert [keys[-1]] == alone
    assert (rotated, len(set(keys))) == (keys[::-1], 2)


def test_a116_each_purpose_and_realm_has_sub_keys_of_its_own() -> None:
    keys = [
        key
        for sealer in (SEALER, Sealer("other", RING))
        for purpose in ("form", "x")
        for key in sealer.signing_keys(purpose)
    ]
    assert len(set(keys)) == 8
    assert not set(keys) & {*RING.keys.values(), RING.naming}


# ---- names and hashes -----------------------------------------------------------------------------------------------


def test_a028_a_name_is_letters_alone_whatever_it_names() -> None:
    odd = ["5", "{5}", "a:b", "a\nb", "\0", "Zoë", "x" * 5000, "*"]
    names = {SEALER.user_key(user) for user in odd}
    assert len(names) == len(odd)
    assert all(
        len(name) == 22 and name.replace("-", "").replace("_", "").isalnum() and name.isascii() for name in names
    )


def test_a117_names_stay_the_same_when_the_ring_is_rotated_and_differ_by_kind_realm_and_naming_key() -> None:
    rotated = Sealer("test", KeyRing(RING.naming, b"new1", {b"new1": b"x" * 32}))
    assert rotated.user_key("5") == SEALER.user_key("5") == SEALER.name("user", "5")
    others = {
        SEALER.name("session shop", "5"),
        Sealer("other", RING).user_key("5"),
        Sealer("test", KeyRing(b"x" * 32, RING.current, RING.keys)).user_key("5"),
    }
    assert len(others | {SEALER.user_key("5")}) == 4


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_a_keyed_hash_is_the_same_only_for_the_same_value_and_place(value: bytes, other: bytes) -> None:
    found = SEALER.keyed_hash("recovery", ("user",), value)
    assert (SEALER.keyed_hash("recovery", ("user",), other) == found) == (value == other)
    assert SEALER.keyed_hash("recovery", ("users",), value) != found
    assert SEALER.keyed_hash("other", ("user",), value) != found
    assert SEALER.keyed_hash("recovery", ("user",), value, b"key2")[4:] != found[4:]
    assert (found[:4], len(found)) == (b"key1", 20)


def test_a_ring_knows_its_own_keys_alone() -> None:
    assert [SEALER.knows(key_id) for key_id in (b"key1", b"key2", b"key3", b"")] == [True, True, False, False]
