"""Recovery codes: 80 random bits each, read without doubt, stored as keyed hashes."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.factors.recovery import CODE_BYTES, CODES, clean, find, from_random, keyed_hash, usable
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer

OLD, NEW = b"old1", b"new1"
OLD_RING = KeyRing(b"n" * 32, OLD, {OLD: b"o" * 32})
BOTH_RING = KeyRing(b"n" * 32, NEW, {OLD: b"o" * 32, NEW: b"w" * 32})
NEW_RING = KeyRing(b"n" * 32, NEW, {NEW: b"w" * 32})
OLD_SEALER, BOTH_SEALER, NEW_SEALER = (Sealer("test", ring) for ring in (OLD_RING, BOTH_RING, NEW_RING))
LETTERS = set("0123456789abcdefghjkmnpqrstvwxyz")
TEXTS = from_random(bytes(range(100)))


def stored(sealer: Sealer, texts: list[str] = TEXTS, user: str = "5") -> list[bytes]:
    return [keyed_hash(sealer, user, text.replace("-", "")) for text in texts]


def test_a074_ten_codes_of_80_bits() -> None:
    assert CODES == 10
    assert CODE_BYTES * 8 == 80
    assert all(len(text.replace("-", "")) * 5 == 80 for text in TEXTS)


def test_a_code_is_four_groups_of_four_letters_that_nobody_mistakes() -> None:
    assert all([len(group) for group in text.split("-")] == [4, 4, 4, 4] for text in TEXTS)
    assert {letter for text in from_random(os.urandom(100)) for letter in text} <= LETTERS | {"-"}


@given(st.integers(0, 2**80 - 1))
def test_a074_every_bit_of_the_randomness_stands_in_the_code(number: int) -> None:
    text = from_random(number.to_bytes(10) * 10)[0].replace("-", "")
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    read = 0
    for letter in text:
        read = read << 5 | alphabet.index(letter)
    assert read == number


def test_each_code_comes_from_bytes_of_its_own() -> None:
    for place in range(100):
        changed = bytearray(100)
        changed[place] = 1
        differing = [
            one != other for one, other in zip(from_random(bytes(100)), from_random(bytes(changed)), strict=True)
        ]
        assert differing.index(True) == place // 10
        assert sum(differing) == 1


def test_random_codes_are_all_different() -> None:
    assert len({text for _ in range(100) for text in from_random(os.urandom(100))}) == 1000


# ---- what is a code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "4f7k-9x2m-a0c1-w8qz", "4F7K9X2MA0C1W8QZ", " 4f7k 9x2m a0c1 w8qz ", "4f7k-9x2m-aOcI-w8qz", "4f7k-9x2m-aocl-w8qz",
        "4f7k--9x2m--a0cL--w8qz",
    ],
)  # fmt: skip
def test_case_spaces_hyphens_and_look_alikes_do_not_matter(text: str) -> None:
    assert clean(text) == "4f7k9x2ma0c1w8qz"


@pytest.mark.parametrize(
    "text",
    [
        "", "-" * 16, "4f7k-9x2m-a0c3-w8q", "4f7k-9x2m-a0c3-w8qzz", "4f7k-9x2m-a0c3-w8qu", "4f7k_9x2m_a0c3_w8qz", "123456",
        "\uff14f7k-9x2m-a0c3-w8qz", "4f7k-9x2m-a0c3-w8q\u0660", "4f7k-9x2m-a0c3-w8qz\n", " " * 100 + "4f7k9x2ma0c3w8qz", "\u017f" * 16,
        "4f7k-9x2m-a0c3-w8q\u212a",
    ],
)  # fmt: skip
def test_a073_nothing_else_is_a_code(text: str) -> None:
    assert clean(text) is None
    assert find(OLD_SEALER, "5", text, stored(OLD_SEALER)) is None


def test_no_longer_text_than_64_letters_is_read() -> None:
    assert clean(" " * 48 + "4f7k9x2ma0c1w8qz") == "4f7k9x2ma0c1w8qz"
    assert clean(" " * 49 + "4f7k9x2ma0c1w8qz") is None


@given(st.text(max_size=70))
def test_what_is_a_code_is_sixteen_letters_of_the_alphabet(text: str) -> None:
    letters = clean(text)
    assert letters is None or (len(letters) == 16 and set(letters) <= LETTERS)


# ---- what is stored -------------------------------------------------------------------------------------------------


def test_a_code_is_found_by_its_own_hash_alone() -> None:
    hashes = stored(OLD_SEALER)
    assert [find(OLD_SEALER, "5", text, hashes) for text in TEXTS] == hashes
    assert find(OLD_SEALER, "5", TEXTS[0], hashes[1:]) is None
    assert find(OLD_SEALER, "5", TEXTS[0], []) is None


def test_a074_what_is_stored_is_a_keyed_hash_that_carries_the_id_of_its_key() -> None:
    (entry,) = stored(OLD_SEALER, TEXTS[:1])
    assert entry[:4] == OLD
    assert len(entry) == 4 + 10
    assert TEXTS[0].replace("-", "").encode() not in entry


@pytest.mark.parametrize(
    "other", [Sealer("other", OLD_RING), Sealer("test", KeyRing(b"n" * 32, OLD, {OLD: b"x" * 32}))]
)
def test_a031_a_hash_of_another_realm_or_key_is_not_found(other: Sealer) -> None:
    assert find(other, "5", TEXTS[0], stored(OLD_SEALER)) is None


def test_a114_a_hash_moved_to_another_user_is_not_found() -> None:
    assert find(OLD_SEALER, "6", TEXTS[0], stored(OLD_SEALER)) is None


def test_a117_a_code_made_under_an_old_key_is_found_while_the_ring_has_that_key() -> None:
    hashes = stored(OLD_SEALER)
    assert find(BOTH_SEALER, "5", TEXTS[3], hashes) == hashes[3]
    mixed = stored(OLD_SEALER, TEXTS[:5]) + stored(BOTH_SEALER, TEXTS[5:])
    assert [find(BOTH_SEALER, "5", text, mixed) for text in TEXTS] == mixed


def test_a117_a_code_made_under_a_retired_key_is_dead() -> None:
    assert find(NEW_SEALER, "5", TEXTS[3], stored(OLD_SEALER)) is None


def test_a073_a_hash_that_was_cut_or_made_longer_is_found_by_nobody() -> None:
    (entry,) = stored(OLD_SEALER, TEXTS[:1])
    others = [entry[:size] for size in range(len(entry))] + [entry + b"\0"]
    assert find(OLD_SEALER, "5", TEXTS[0], others) is None


@given(st.lists(st.binary(max_size=24)))
def test_a073_no_bytes_that_somebody_writes_are_a_code(entries: list[bytes]) -> None:
    assert find(OLD_SEALER, "5", TEXTS[0], entries) is None
    assert find(OLD_SEALER, "5", "", entries) is None


def test_a073_the_hash_of_no_letters_is_found_by_nobody() -> None:
    planted = [keyed_hash(OLD_SEALER, "5", "")]
    assert [find(OLD_SEALER, "5", text, planted) for text in ("", "x", "-" * 16)] == [None] * 3


def test_a117_usable_are_the_codes_whose_key_is_in_the_ring() -> None:
    old, new = stored(OLD_SEALER), stored(NEW_SEALER)
    assert usable(BOTH_SEALER, [*old, *new]) == {*old, *new}
    assert usable(NEW_SEALER, [*old, *new]) == set(new)
    assert usable(NEW_SEALER, old) == frozenset()
