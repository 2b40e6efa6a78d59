"""Codes of the app: RFC 6238, and no digit more than it says."""

from __future__ import annotations

import base64
import hmac
import itertools
import struct

import pyotp
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP as CryptographysHOTP
from hypothesis import example, given
from hypothesis import strategies as st

from support.realm import code_at
from twofa_middleware.factors.totp import (
    AHEAD_STEPS,
    PAST_STEPS,
    Ahead,
    Match,
    Past,
    Window,
    base32,
    clean,
    codes_of,
    find,
    find_at_setup,
    in_groups,
    step_at,
)

SECRET = b"12345678901234567890"
NOW = 1_800_000_000
STEP = NOW // 30
BOTH, BEHIND = Window(1, 1), Window(1, 0)

# RFC 6238, appendix B, SHA-1: 8 digits, of which an app with 6 shows the last.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def code(seconds: int = 0) -> str:
    return code_at(base32(SECRET), NOW + seconds)


@pytest.mark.parametrize(("at", "digits"), VECTORS)
def test_a058_the_vectors_of_the_rfc_match_at_their_time(at: int, digits: str) -> None:
    assert find(SECRET, digits[-6:], at, Window(0, 0)) == Match(at // 30)


# RFC 4226, appendix D.
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("step", "digits"), list(enumerate(HOTP)))
def test_the_vectors_of_hotp_match_at_their_step(step: int, digits: str) -> None:
    assert find(SECRET, digits, step * 30, Window(0, 0)) == Match(step)


@pytest.mark.parametrize(("now", "step"), [(0, 0), (29, 0), (30, 1), (59, 1), (2**40, 2**40 // 30)])
def test_a_step_lasts_thirty_seconds_from_1970_on(now: int, step: int) -> None:
    assert step_at(now) == step


def test_a058_a_step_beyond_32_bits_is_matched_as_itself() -> None:
    at = 2**33 * 30
    assert find(SECRET, code_at(base32(SECRET), at), at, BOTH) == Match(2**33)


@pytest.mark.parametrize("now", [0, 29, 30, 61])
def test_a058_steps_before_1970_are_left_out(now: int) -> None:
    assert find(SECRET, code_at(base32(SECRET), now), now, BOTH) == Match(now // 30)
    assert find(SECRET, None, now, BOTH) is None


# ---- the window -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "steps"), [(BOTH, {-1, 0, 1}), (BEHIND, {-1, 0}), (Window(0, 0), {0}), (Window(2, 2), {-2, -1, 0, 1, 2})]
)
def test_a044_just_the_steps_of_the_window_are_accepted(window: Window, steps: set[int]) -> None:
    around = range(-PAST_STEPS - 3, AHEAD_STEPS + 4)
    found = {step: find(SECRET, code(step * 30), NOW, window) for step in around}
    assert {step for step, finding in found.items() if isinstance(finding, Match)} == steps
    assert all(found[step] == Match(STEP + step) for step in steps)


@pytest.mark.parametrize(("steps", "finding"), [(-2, Past(60)), (-20, Past(600)), (-21, None), (2, None), (20, None)])
def test_a_code_of_the_past_ten_minutes_is_explained_and_no_other(steps: int, finding: object) -> None:
    assert find(SECRET, code(steps * 30), NOW, BOTH) == finding


@pytest.mark.parametrize(("steps", "finding"), [(-20, Past(600)), (2, Ahead(60)), (20, Ahead(600)), (21, None)])
def test_at_set_up_a_clock_that_leads_is_explained_too(steps: int, finding: object) -> None:
    assert find_at_setup(SECRET, code(steps * 30), NOW, BOTH) == finding


@pytest.mark.parametrize("window", [BOTH, BEHIND])
def test_every_step_from_the_oldest_hint_to_the_latest_is_looked_at_once(window: Window) -> None:
    findings = [find_at_setup(SECRET, code(step * 30), NOW, window) for step in range(-20, 21)]
    kinds = [(kind.__name__, len(list(run))) for kind, run in itertools.groupby(findings, type)]
    assert kinds == [
        ("Past", 20 - window.behind),
        ("Match", 1 + window.behind + window.ahead),
        ("Ahead", 20 - window.ahead),
    ]


@pytest.mark.parametrize("second", [0, 15, 29])
def test_all_seconds_of_a_step_see_the_same_code(second: int) -> None:
    assert find(SECRET, code(), NOW + second, Window(0, 0)) == Match(STEP)


def test_of_two_steps_with_the_same_code_the_later_is_spent() -> None:
    first = 62_075_368  # this secret has the same code at the next step
    assert code_at(base32(SECRET), first * 30) == code_at(base32(SECRET), first * 30 + 30)
    assert find(SECRET, code_at(base32(SECRET), first * 30), first * 30, BOTH) == Match(first + 1)


# ---- what is a code -------------------------------------------------------------------------------------------------


def in_digits(zero: int) -> str:
    """123456 in the digits of another script."""
    return "".join(chr(zero + number) for number in range(1, 7))


@pytest.mark.parametrize("text", ["123456", " 123456 ", "123 456", "12 34 56", "123-456", "1 2 3 4 5 6", "-123456"])
def test_spaces_and_hyphens_are_no_fault(text: str) -> None:
    assert clean(text) == "123456"


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "12345", "1234567", "null", "None", "true", "12345a", "+123456", "123456\n", "\n123456", "12_3456", "0x1234",
        "1e5000", "123456.", "123,456", in_digits(0xFF10), in_digits(0x0660), in_digits(0x1D7CE), "12345\u0660", "123456\u00a0", "\u2003123456",
        "X123456", "123456X", "123\u2010456", "123456\0", "\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2", "\u2460\u2460\u2460\u2460\u2460\u2460", "123\t456",
    ],
)  # fmt: skip
def test_a045_a053_nothing_else_is_a_code(text: str) -> None:
    assert clean(text) is None


@given(st.text())
@example("123456\r\n")
def test_a053_what_is_a_code_is_six_ascii_digits_of_the_text_in_their_order(text: str) -> None:
    digits = clean(text)
    assert digits is None or (digits.isascii() and digits.isdigit() and len(digits) == 6)
    assert digits is None or text.replace(" ", "").replace("-", "") == digits


@given(st.text(alphabet=st.characters(categories=["Nd", "No", "Nl"]), min_size=6, max_size=6))
def test_a053_digits_of_other_scripts_are_none(text: str) -> None:
    assert clean(text) == (text if text.isascii() else None)


@pytest.mark.parametrize("given_code", [None, "", "------"])
def test_a045_what_is_no_code_matches_nothing(given_code: str | None) -> None:
    assert find(SECRET, given_code, NOW, BOTH) is None
    assert find_at_setup(SECRET, given_code, NOW, BOTH) is None


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_digits_that_no_step_has_match_nothing(digits: str) -> None:
    known = {code(step * 30): step for step in range(-20, 21)}
    assert (find_at_setup(SECRET, digits, NOW, BOTH) is None) == (digits not in known)


@given(st.binary(min_size=20, max_size=64), st.integers(0, 2**40))
def test_the_code_of_now_matches_for_every_secret_at_every_time(secret: bytes, now: int) -> None:
    found = find(secret, code_at(base32(secret), now), now, Window(0, 0))
    assert found == Match(now // 30)


# ---- the key --------------------------------------------------------------------------------------------------------


def test_the_key_is_base_32_without_padding_in_groups_of_four() -> None:
    assert base32(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert in_groups(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert base32(b"abc") == "MFRGG"


# ---- secrets that came from elsewhere -------------------------------------------------------------------------------


SHORT = b"1234567890"


def short_code(step: int, secret: bytes = SHORT) -> str:
    """The code by RFC 4226 §5.3, written out: no library that we use has a say in it."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"


def test_the_codes_written_out_here_are_those_of_the_rfc() -> None:
    assert [short_code(at // 30, SECRET) for at, _ in VECTORS] == [digits[-6:] for _, digits in VECTORS]


@pytest.mark.parametrize("size", [10, 11, 13, 14, 16, 19, 20, 32, 64, 128])
def test_secrets_from_80_bits_on_match_at_their_step(size: int) -> None:
    secret = (SECRET * 7)[:size]
    for at, _ in VECTORS:
        assert find(secret, short_code(at // 30, secret), at, Window(0, 0)) == Match(at // 30)


@pytest.mark.parametrize(("step", "finding"), [(-2, Past(60)), (-1, Match(STEP - 1)), (1, Match(STEP + 1)), (2, None)])
def test_the_window_of_a_short_secret_is_no_other(step: int, finding: object) -> None:
    assert find(SHORT, short_code(STEP + step), NOW, BOTH) == finding
    assert find(SHORT, None, NOW, BOTH) is None


# ---- a second opinion -----------------------------------------------------------------------------------------------


@given(secret=st.binary(min_size=14, max_size=64), step=st.integers(0, 2**40))
def test_pyotp_makes_the_same_codes(secret: bytes, step: int) -> None:
    assert codes_of(secret)(step).decode() == pyotp.HOTP(base64.b32encode(secret).decode()).at(step)


@given(secret=st.binary(min_size=10, max_size=128), step=st.integers(0, 2**63 - 1))
def test_cryptography_makes_the_same_codes(secret: bytes, step: int) -> None:
    theirs = CryptographysHOTP(secret, 6, SHA1(), enforce_key_length=False)
    assert codes_of(secret)(step) == theirs.generate(step)
