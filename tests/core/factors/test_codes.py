"""A factor makes codes and decides nothing: what it may be like, and that the steps are ours whatever it answers."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.factors.codes import Codes
from twofa_middleware.factors.totp import AHEAD_STEPS, PAST_STEPS, Ahead, Match, Past, Window

SECRET = b"12345678901234567890"
NOW = 1_800_000_000
STEP = NOW // 30
WINDOW = Window(1, 1)
WIDE = "".join(chr(0xFF10 + digit) for digit in range(1, 9))
"""Digits of another script."""


class Eight:
    """Eight digits by SHA-256."""

    Options: ClassVar[type] = type(None)

    def __init__(self, **changes: Any) -> None:
        self.digits = changes.get("digits", 8)
        self.secret_bytes = changes.get("secret_bytes", 32)
        self.variant = changes.get("variant", "")
        self.code = changes.get("code", self.right)
        self.says = changes.get("uri", "otpauth://totp/x?secret=x")

    def right(self, secret: bytes, step: int) -> str:
        return str(int.from_bytes(hmac.digest(secret, step.to_bytes(8), "sha256")[:8]))[-8:].zfill(8)

    def codes(self, secret: bytes) -> Callable[[int], str]:
        return lambda step: str(self.code(secret, step)) if self.code == self.right else self.code(secret, step)

    def uri(self, secret: bytes, label: str, issuer: str) -> Any:
        return self.says


def made(**changes: Any) -> Codes:
    return Codes.of("eight", Eight(**changes))


def test_the_codes_of_a_factor_are_found_in_our_window_and_no_other() -> None:
    codes, right = made(), Eight().right
    steps = range(-PAST_STEPS - 2, AHEAD_STEPS + 2)
    found = {step: codes.find(SECRET, right(SECRET, STEP + step), NOW, WINDOW) for step in steps}
    assert [step for step, finding in found.items() if isinstance(finding, Match)] == [-1, 0, 1]
    assert [step for step, finding in found.items() if isinstance(finding, Past)] == list(range(-PAST_STEPS, -1))
    assert found[1] == Match(STEP + 1)
    assert codes.find_at_setup(SECRET, right(SECRET, STEP + 4), NOW, WINDOW) == Ahead(120)


def test_a045_a_code_has_the_digits_of_the_factor() -> None:
    codes = made()
    assert codes.clean(" 1234-5678 ") == "12345678"
    for text in ("123456", "1234567", "123456789", "1234567a", WIDE, "12345678\n", ""):
        assert codes.clean(text) is None
    assert codes.find(SECRET, None, NOW, WINDOW) is None


def test_a118_every_step_is_compared_in_constant_time_whatever_the_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, compare, calls = made(), hmac.compare_digest, []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: calls.append((a, b)) or compare(a, b))
    for text in (None, "", "00000000", Eight().right(SECRET, STEP)):
        calls.clear()
        codes.find(SECRET, text, NOW, WINDOW)
        assert len(calls) == PAST_STEPS + 2
        assert {len(given) for _, given in calls} == {8}


def test_the_record_names_the_factor_and_what_of_its_options_changes_the_codes() -> None:
    assert (made().kind, made(variant="sha-512").kind) == ("eight", "eight:sha-512")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"digits": 5}, "a code has 6 to 10 digits, not 5"),
        ({"digits": "8"}, "a code has 6 to 10 digits, not '8'"),
        ({"secret_bytes": 15}, "a secret has 16 to 64 bytes, not 15"),
        ({"secret_bytes": 65}, "a secret has 16 to 64 bytes, not 65"),
        ({"variant": "SHA 512"}, "variant has up to 24 small letters"),
        ({"code": lambda secret, step: 12345678}, "it makes no codes: ValueError: "),
        ({"code": lambda secret, step: "123456"}, "made a code that has not 8 digits"),
        ({"code": lambda secret, step: WIDE}, "made a code that has not 8 digits"),
        ({"code": lambda secret, step: {}[step]}, "it makes no codes: KeyError: 59000000"),
        ({"code": lambda secret, step: Eight().right(secret, step // 2)}, "neighbouring steps are the same"),
        ({"code": lambda secret, step: Eight().right(b"", step)}, "two secrets have the same codes"),
    ],
)
def test_a_factor_that_cannot_be_used_stops_the_start(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=r"^eight: ") as refused:
        made(**changes)
    assert message in str(refused.value)


def test_what_a_factor_makes_later_is_looked_at_too() -> None:
    factor = Eight()
    codes = Codes.of("eight", factor)
    factor.code = lambda secret, step: ""
    with pytest.raises(ValueError, match="made a code that has not 8 digits"):
        codes.find(SECRET, "12345678", NOW, WINDOW)


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "", None, "https://example.org"])
def test_what_is_no_otpauth_uri_is_not_shown(uri: Any) -> None:
    with pytest.raises(ValueError, match="made no otpauth URI"):
        made(uri=uri).uri(SECRET, "erin", "Portal")
