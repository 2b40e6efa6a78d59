"""The pass: the record that one log-in has passed, or needed nothing when it began.

It is bound to the cookie's random token, the user, the app, the generation, and the session where the app shows one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import Enum

import msgspec

from ..asks import EndPass, PassRow, Random
from ..browser.cookies import TOKEN_BYTES, PassCookie, token
from ..errors import UnreadableRecord
from ..protocol import Flow, Login, UserKey
from ..site import Site
from .audit import noted


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    """``session``: the keyed hash of the app's session, empty where the app shows none."""

    method: int
    opened_at: int
    expires_at: int
    session: bytes


class Method(Enum):
    """By what a pass was opened; the values are those in the stored records."""

    NONE = 0
    TOTP = 1
    RECOVERY = 2
    REMEMBERED = 3
    PASSKEY = 4
    PUT_OFF = 5

    @property
    def is_proven(self) -> bool:
        """Whether a factor was shown for this very log-in."""
        return self in (Method.TOTP, Method.RECOVERY, Method.PASSKEY)

    @property
    def needed_nothing(self) -> bool:
        """Whether no factor was needed when it was opened."""
        return self in (Method.NONE, Method.PUT_OFF)


@dataclass(frozen=True, slots=True)
class Pass:
    method: Method
    opened_at: int
    expires_at: int
    used_at: int


def new_pass(site: Site, login: Login, generation: int, method: Method, now: int) -> Flow[tuple[PassRow, PassCookie]]:
    """The row for the store and the cookie for the browser."""
    user = site.user_key(login)
    cookie = PassCookie(user, token((yield from Random(TOKEN_BYTES))))
    expires_at = now + site.settings.pass_hours * 3600
    payload = msgspec.msgpack.encode(_Payload(method.value, now, expires_at, _session(site, login)))
    record = site.sealer.authenticate("pass", (user, site.name, generation, cookie.digest.hex()), payload)
    return PassRow(cookie.digest, record, method.is_proven, now, expires_at, now), cookie


def read_pass(site: Site, login: Login, user: UserKey, generation: int, row: PassRow | None, now: int) -> Pass | None:
    """The pass, if it is one for this login now. What was not made for just this is no pass, whoever wrote it."""
    if row is None:
        return None
    try:
        payload = site.sealer.read("pass", (user, site.name, generation, row.digest.hex()), row.record)
        said = msgspec.msgpack.decode(payload, type=_Payload)
        found = Pass(Method(said.method), said.opened_at, said.expires_at, row.used_at)
    except (UnreadableRecord, msgspec.DecodeError, ValueError):
        return None
    idle = site.settings.idle_seconds
    if said.session != _session(site, login) or not found.opened_at <= now + 60 or not now < found.expires_at:
        return None
    return None if idle and now >= row.used_at + idle else found


def end_pass(site: Site, cookie: PassCookie, now: int, why: str, login: Login | None = None) -> Flow[None]:
    """End the pass of a browser's cookie, if there is one; ``why`` goes to the event. ``login``: who is there now."""
    owner = login if login is not None and site.user_key(login) == cookie.user else None
    event = site.desk.event("pass ended", owner, now, why=why)
    yield from noted(
        site.desk,
        {"done": [event]},
        lambda notes: EndPass(cookie.user, cookie.digest, now, notes),
        owner=cookie.user,
    )


def _session(site: Site, login: Login) -> bytes:
    if login.session is None:
        return b""
    return base64.urlsafe_b64decode(site.sealer.name(f"session {site.name}", login.session) + "==")
