"""Form tokens: good for one browser, purpose, app and user, and not for long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.browser.tokens import FORM_SECONDS, is_good, write
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer

NOW = 1_800_000_000
FLOW = b"f" * 43
RING = KeyRing(b"n" * 32, b"key1", {b"key1": b"1" * 32})
SEALER = Sealer("test", RING)
FORM = write(SEALER, "verify", FLOW, "shop", "5", NOW)


def good(text: str = FORM, **other: Any) -> bool:
    fitting = {"sealer": SEALER, "purpose": "verify", "flow": FLOW, "app": "shop", "user": "5", "now": NOW} | other
    return is_good(text=text, **fitting)


def test_a_token_is_good_for_an_hour() -> None:
    assert write(SEALER, "verify", FLOW, "shop", "5", NOW) == FORM
    assert good()
    assert FORM_SECONDS == 3600
    assert good(now=NOW + 3599)
    assert not good(now=NOW + 3600)


def test_a_token_from_the_future_is_not_good() -> None:
    assert not good(now=NOW - 1)


@pytest.mark.parametrize(
    "other",
    [
        {"purpose": "disable"},
        {"purpose": ""},
        {"flow": b"g" * 43},
        {"flow": b""},
        {"app": "office"},
        {"user": "6"},
        {"user": ""},
        {"user": "shop5", "app": ""},
        {"sealer": Sealer("other", RING)},
        {"sealer": Sealer("test", KeyRing(RING.naming, b"key1", {b"key1": b"x" * 32}))},
    ],
    ids=str,
)
def test_a116_a030_a_token_is_nothing_for_another_purpose_browser_app_user_or_realm(other: dict[str, Any]) -> None:
    assert not good(**other)


def test_a117_a_token_signed_with_an_older_key_is_good_while_the_ring_has_it() -> None:
    rotated = KeyRing(RING.naming, b"key2", {**RING.keys, b"key2": b"2" * 32})
    assert good(sealer=Sealer("test", rotated))
    assert not good(write(Sealer("test", rotated), "verify", FLOW, "shop", "5", NOW))
    retired = KeyRing(RING.naming, b"key2", {b"key2": b"2" * 32})
    assert not good(sealer=Sealer("test", retired))


def test_the_time_of_expiry_is_part_of_what_is_signed() -> None:
    stamp, _, signature = FORM.partition(".")
    for later in (int(stamp, 16) + 1, int(stamp, 16) - 1):
        assert not good(f"{later:x}.{signature}")


def test_the_time_of_expiry_has_one_spelling() -> None:
    stamp, _, signature = FORM.partition(".")
    for odd in (
        f"0x{stamp}",
        f" {stamp}",
        f"+{stamp}",
        stamp.replace("b", "B"),
        f"0{stamp}",
        f"{stamp[0]}_{stamp[1:]}",
    ):
        assert not good(f"{odd}.{signature}")


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", FORM + ".", "." + FORM, FORM + "x", FORM[:-1], FORM.replace(".", ""), FORM.partition(".")[0] + ".", "0.x", "-1.x", FORM + "\n", FORM * 20, "ffffffffffffffffffffffff.x", "6b49\u0661.x", "\ud800.x", "\udcff", "\0"],
)  # fmt: skip
def test_a071_a_missing_or_misshapen_token_is_not_good(text: str) -> None:
    assert not good(text)


@given(
    st.text(max_size=250)
    | st.tuples(st.integers(0, 2**40), st.text(max_size=60)).map(lambda pair: f"{pair[0]:x}.{pair[1]}")
)
def test_a071_nothing_that_somebody_makes_up_is_good_and_nothing_raises(text: str) -> None:
    assert not good(text)


def test_a097_a_token_shows_neither_the_user_nor_the_browser() -> None:
    shown = write(SEALER, "verify", FLOW, "shop", "erin@example.org", NOW)
    assert "erin" not in shown
    assert FLOW.decode() not in shown
    assert len(shown) < 80


def test_a083_the_signature_of_a_token_has_one_spelling() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [FORM + end for end in ("=", "==", "A", " ", "\n")] + [FORM[:-1] + letter for letter in letters]
    assert [text for text in spellings if good(text)] == [FORM]
