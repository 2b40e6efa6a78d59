"""What is compared does not depend on what was sent: every candidate, in constant time. Attack 118."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import pytest

from support.realm import code_at
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.factors import recovery, totp
from twofa_middleware.factors.totp import AHEAD_STEPS, PAST_STEPS, Window, base32
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer

SECRET = b"12345678901234567890"
NOW = 1_800_000_000
SEALER = Sealer("test", KeyRing(b"n" * 32, b"key1", {b"key1": b"1" * 32}))
CODES = recovery.from_random(bytes(range(100)))
HASHES = [recovery.keyed_hash(SEALER, "5", text.replace("-", "")) for text in CODES]

Comparisons = Callable[[Callable[[], object]], int]


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> Comparisons:
    """How often something is compared in constant time while a function runs."""
    compare, calls = hmac.compare_digest, [0]

    def counting(a: bytes, b: bytes) -> bool:
        calls[0] += 1
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counting)

    def counted(function: Callable[[], object]) -> int:
        before = calls[0]
        function()
        return calls[0] - before

    return counted


def code(steps: int) -> str:
    return code_at(base32(SECRET), NOW + 30 * steps)


@pytest.mark.parametrize("text", [code(-1), code(0), code(1), code(-20), code(5), "000000", None, ""])
def test_a118_every_step_is_compared_whatever_the_code_is(comparisons: Comparisons, text: str | None) -> None:
    window = Window(1, 1)
    assert comparisons(lambda: totp.find(SECRET, text, NOW, window)) == PAST_STEPS + 1 + window.ahead
    assert comparisons(lambda: totp.find_at_setup(SECRET, text, NOW, window)) == PAST_STEPS + 1 + AHEAD_STEPS


@pytest.mark.parametrize("text", ["755224", "000000", None, ""])
def test_a118_every_step_of_a_short_secret_is_compared_too(comparisons: Comparisons, text: str | None) -> None:
    window = Window(1, 1)
    assert comparisons(lambda: totp.find(SECRET[:10], text, NOW, window)) == PAST_STEPS + 1 + window.ahead


@pytest.mark.parametrize("text", [CODES[0], CODES[9], "0000-0000-0000-0000", "", "x" * 100])
def test_a118_every_stored_code_is_compared_whatever_was_typed(comparisons: Comparisons, text: str) -> None:
    assert comparisons(lambda: recovery.find(SEALER, "5", text, HASHES)) == 10


def test_a118_the_mac_of_a_record_is_compared_in_constant_time(comparisons: Comparisons) -> None:
    record = SEALER.authenticate("pass", (), b"payload")
    assert comparisons(lambda: SEALER.read("pass", (), record)) == 1
    assert comparisons(lambda: _read_anyway(record[:-1] + b"x")) == 1


def _read_anyway(record: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        SEALER.read("pass", (), record)
