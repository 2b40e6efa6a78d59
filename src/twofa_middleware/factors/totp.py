"""Time-based one-time passwords (RFC 6238): 6 digits, SHA-1, 30 seconds, the form that every authenticator app knows."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from msgspec import Struct

from ..protocol import PluginContext

STEP_SECONDS = 30
SECRET_BYTES = 20
LEAST_SECRET_BYTES = 10
"""80 bits: the shortest secret that is imported; other systems made such ones for years."""
MOST_SECRET_BYTES = 128
PAST_STEPS = 20
AHEAD_STEPS = 20
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Match:
    """The code belongs to this step, which may be accepted."""

    step: int


@dataclass(frozen=True, slots=True)
class Past:
    """The code was right this many seconds ago: the device's clock is behind."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """The code will be right in this many seconds: the device's clock is ahead."""

    seconds: int


CodesOf: TypeAlias = Callable[[bytes], Callable[[int], bytes]]
"""The codes of a secret, by their step."""
Finding: TypeAlias = Match | Past | Ahead | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which steps around now are accepted (RFC 6238 §5.2: the device may lag, and rarely leads)."""

    behind: int = 1
    ahead: int = 1


def step_at(now: int) -> int:
    """RFC 6238 §4.2: T = floor(now / 30), with T0 = 0."""
    return now // STEP_SECONDS


def clean(text: str, digits: int = DIGITS) -> str | None:
    """The ASCII digits of what somebody typed; spaces and hyphens between them are no fault. None: no code."""
    typed = text.strip(" ").replace(" ", "").replace("-", "")
    return typed if re.fullmatch(rf"[0-9]{{{digits}}}", typed, re.ASCII) else None


def codes_of(secret: bytes) -> Callable[[int], bytes]:
    """The code of each step, by RFC 4226 §5.3: an HMAC of the step, of which four bytes are taken where its end says.

    Two dozen are made for each form. pyotp, which would decode the secret for each of them, takes four times as long.
    SHA-1 is what authenticator apps speak; HMAC stays sound under it (RFC 4226 §B.2).
    """

    def code_of(step: int) -> bytes:
        digest = hmac.digest(secret, step.to_bytes(8), "sha1")
        place = digest[-1] & 15
        return b"%06d" % ((int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 10**DIGITS)

    return code_of


def find(secret: bytes, code: str | None, now: int, window: Window, codes: CodesOf = codes_of) -> Finding:
    """Where the code belongs: a step that may be accepted, or one of the past ten minutes, which only explains.

    Every candidate is computed and compared in constant time whatever the code is, a malformed one included. Steps
    after the window are never evaluated: a code of the future would be a code to keep.
    """
    current = step_at(now)
    accepted = range(current - window.behind, current + window.ahead + 1)
    past = range(current - PAST_STEPS, current - window.behind)
    code_of = codes(secret)
    step = _matching(code_of, code, accepted)
    old = _matching(code_of, code, past)
    if step is not None:
        return Match(step)
    return Past((current - old) * STEP_SECONDS) if old is not None else None


def find_at_setup(secret: bytes, code: str | None, now: int, window: Window, codes: CodesOf = codes_of) -> Finding:
    """The same while a set-up is confirmed: its secret was just shown, so a clock that leads may be explained too."""
    found = find(secret, code, now, window, codes)
    current = step_at(now)
    early = _matching(codes(secret), code, range(current + window.ahead + 1, current + AHEAD_STEPS + 1))
    return found if found is not None or early is None else Ahead((early - current) * STEP_SECONDS)


def code_at(secret: bytes, step: int) -> str:
    """The code of one step, as an authenticator app shows it."""
    return codes_of(secret)(step).decode()


def _matching(code_of: Callable[[int], bytes], code: str | None, steps: Iterable[int]) -> int | None:
    given = (code or "------").encode()
    found = None
    for step in steps:
        if step >= 0 and hmac.compare_digest(code_of(step), given):
            found = step
    return found


def base32(secret: bytes) -> str:
    """The secret as people type it (RFC 4648 §6)."""
    return base64.b32encode(secret).decode().rstrip("=")


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """None."""


class Totp:
    """The factor that is used if the settings name no other. It has no options."""

    Options: ClassVar[type] = NoOptions

    digits = DIGITS
    secret_bytes = SECRET_BYTES
    variant = ""

    def __init__(self, options: NoOptions, context: PluginContext) -> None:
        pass

    def codes(self, secret: bytes) -> Callable[[int], str]:
        code_of = codes_of(secret)
        return lambda step: code_of(step).decode()

    def uri(self, secret: bytes, label: str, issuer: str) -> str:
        return provisioning_uri(secret, label, issuer)


def in_groups(secret: bytes) -> str:
    """The secret for the eye: groups of four letters."""
    text = base32(secret)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def provisioning_uri(secret: bytes, label: str, issuer: str) -> str:
    """The otpauth URI that an authenticator app reads (the Key URI Format): no colon may stand in either name."""
    import pyotp

    return pyotp.TOTP(base32(secret)).provisioning_uri(name=_plain(label), issuer_name=_plain(issuer))


def _plain(name: str) -> str:
    return "".join(char for char in name.replace(":", " ") if char.isprintable()).strip() or "account"


def qr_svg(uri: str) -> str:
    """The URI as an inline SVG. A fixed mask spares the search for the prettiest one, which no phone needs."""
    import segno

    code = segno.make(uri, error="m", mask=2, micro=False, boost_error=False)
    return code.svg_inline(border=4, light="#fff", dark="#000", omitsize=True, svgclass=None, lineclass=None)
