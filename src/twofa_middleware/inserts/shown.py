"""What a check box of ours has shown, as its form brings it back: vouched for by a token, for ten minutes.

A check box that is not ticked sends nothing. So a hidden field says that it was drawn, about whom, and how it stood; the
token binds that to the administrator, to the pass under which it was drawn, and to the app.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from ..browser import tokens
from ..protocol import Login
from ..site import Site

FORM_SECONDS = 600


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    what: Literal["user-checkbox", "role-checkbox"]
    target: str
    is_on: bool
    version: int


@dataclass(frozen=True, slots=True)
class Shown:
    """``target``: the user id, or the role. ``version``: the account's generation, or the version of the flag."""

    what: Literal["user-checkbox", "role-checkbox"]
    target: str
    is_on: bool
    version: int

    def dump(self) -> str:
        payload = msgspec.msgpack.encode(_Payload(self.what, self.target, self.is_on, self.version))
        return base64.urlsafe_b64encode(payload).decode()


def token_of(site: Site, login: Login, path: str, pass_digest: bytes, shown: Shown, now: int) -> str:
    """The token that vouches for what was shown, in the page at this path."""
    return tokens.write(
        site.sealer, _purpose(path, shown.dump()), pass_digest, site.name, login.user, now, FORM_SECONDS
    )


def read_shown(
    site: Site, login: Login, path: str, pass_digest: bytes, fields: Mapping[str, str], now: int
) -> Shown | None:
    """What was shown; None unless it was drawn for just this administrator, pass, app and path, not long ago."""
    state, token = fields.get("state", ""), fields.get("token", "")
    if not tokens.is_good(site.sealer, token, _purpose(path, state), pass_digest, site.name, login.user, now):
        return None
    try:
        found = msgspec.msgpack.decode(base64.urlsafe_b64decode(state), type=_Payload)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
    return Shown(found.what, found.target, found.is_on, found.version)


def _purpose(path: str, state: str) -> str:
    return f"insert {state} at {path}"
