"""Our own cookies: their names, how they are written, and how they are read back.

Cookies do not tell ports apart, so realm and app stand in the names; a keyed hash of the user stands in the name of the
remembered browser's, so that two people can share one. On https the names carry ``__Host-`` (RFC 6265bis §4.1.3.2).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from ..http import Request, without_cookies
from ..protocol import UserKey

TOKEN_BYTES = 32
DIGEST_BYTES = 16
_TOKEN_LETTERS = 43
_USER_KEY_LETTERS = 22


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names of one app's cookies. ``secure``: every origin of the app is https."""

    realm: str
    app: str
    secure: bool

    def _name(self, *words: str) -> bytes:
        return ("__Host-" if self.secure else "").encode() + "-".join(("2fa", *words)).encode()

    @property
    def passes(self) -> bytes:
        """The pass: in this app, for one log-in."""
        return self._name("pass", self.realm, self.app)

    @property
    def flow(self) -> bytes:
        """What binds our own forms to this browser."""
        return self._name("flow", self.realm, self.app)

    def browser(self, user: UserKey) -> bytes:
        """The remembered browser: in the realm, for one user."""
        return self._name("browser", self.realm, user)

    def write(self, name: bytes, value: bytes, max_age_seconds: int) -> tuple[bytes, bytes]:
        """A Set-Cookie header; a maximum age of 0 expires the cookie."""
        secure = b"; Secure" if self.secure else b""
        line = b"%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s" % (name, value, max_age_seconds, secure)
        return b"set-cookie", line

    def expire(self, name: bytes) -> tuple[bytes, bytes]:
        return self.write(name, b"", 0)


def is_ours(name: bytes) -> bool:
    """Whether a cookie is one of ours, of whatever realm; the app sees none of them and sets none of them."""
    return name.removeprefix(b"__Host-").startswith(b"2fa-")


def expire_of_app(name: str, path: str, secure: bool) -> tuple[bytes, bytes]:
    """Expire a cookie of the app's own."""
    end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    return b"set-cookie", f"{name}=; Path={path}; {end}; HttpOnly{'; Secure' if secure else ''}".encode("latin-1")


def token(random: bytes) -> bytes:
    """256 random bits as they stand in a cookie."""
    return base64.urlsafe_b64encode(random).rstrip(b"=")


def digest(value: bytes) -> bytes:
    """What the store knows of a token, 16 bytes. A fast hash serves: there is nothing to guess among 256 random bits.

    128 bits of SHA-256 are enough: a token that fits a digest is found after 2^128 tries, and two that have the same one
    are of no use to anybody, since all tokens are ours. Records are authenticated for the digest under which they lie.
    """
    return hashlib.sha256(value).digest()[:DIGEST_BYTES]


def read_token(request: Request, name: bytes) -> bytes | None:
    """The token in a cookie of ours, or None: absent, doubled and misshapen are the same."""
    values = request.cookies().get(name, [])
    return values[0] if len(values) == 1 and _is_token(values[0]) else None


@dataclass(frozen=True, slots=True)
class PassCookie:
    """The value of a pass cookie: whose pass it is (so that it can be ended when nobody is logged in), and the token."""

    user: UserKey
    token: bytes = field(repr=False)

    def dump(self) -> bytes:
        return self.user.encode() + b"." + self.token

    @property
    def digest(self) -> bytes:
        return digest(self.token)


def read_pass(request: Request, name: bytes) -> PassCookie | None:
    values = request.cookies().get(name, [])
    if len(values) != 1:
        return None
    user, dot, value = values[0].partition(b".")
    if not dot or len(user) != _USER_KEY_LETTERS or not _is_base64url(user) or not _is_token(value):
        return None
    return PassCookie(UserKey(user.decode()), value)


def _is_token(value: bytes) -> bool:
    return len(value) == _TOKEN_LETTERS and _is_base64url(value)


def _is_base64url(value: bytes) -> bool:
    try:
        raw = base64.b64decode(value + b"=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    # One token has one spelling: the unused bits at the end are zero.
    return token(raw) == value


def hide_ours(request: Request, names: frozenset[bytes] = frozenset()) -> dict[bytes, bytes | None]:
    """The change of a request's headers that takes our own cookies, and the named ones, out of it."""
    line = request.header_line(b"cookie")
    if not names and b"2fa-" not in line:
        return {}
    kept = without_cookies(line, names | {name for name in request.cookies() if is_ours(name)})
    return {} if kept == line else {b"cookie": kept or None}
