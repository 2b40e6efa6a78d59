"""``sso_ticket``: a cookie in which a single sign-on says who has logged in.

    { use = "sso_ticket", cookie = "sso_ticket", secret = "file:var/sso.secret" }

The cookie is ``base64url(JSON).hex(HMAC-SHA-256)``; the JSON has ``user``, ``session`` and ``expires`` (seconds since
1970).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import ClassVar

import msgspec

from twofa_middleware.http import Request
from twofa_middleware.protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from twofa_middleware.references import read_secret


class SsoTicketOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``secret`` points to what the single sign-on signs with; it does not stand in the settings itself."""

    secret: str
    cookie: str = "sso_ticket"

    @property
    def reads(self) -> Reads:
        return Reads(cookies=frozenset({self.cookie.encode()}))


class _Ticket(msgspec.Struct, frozen=True):
    user: str
    session: str
    expires: int


class SsoTicket:
    """Pure: what it answers depends on the cookie and the clock alone."""

    Options: ClassVar[type] = SsoTicketOptions
    pure = True
    shows_session = True

    def __init__(self, options: SsoTicketOptions, context: PluginContext) -> None:
        self.reads = options.reads
        self._cookie = options.cookie.encode()
        self._key = read_secret(options.secret, context.folder, f"[apps.{context.app}] identity (sso_ticket)").encode()

    def resolve(self, request: Request) -> Flow[Identity]:
        return self._read(request)
        yield  # makes it a flow: one that has nothing to ask

    def _read(self, request: Request) -> Identity:
        sent = request.cookies().get(self._cookie, [])
        if not sent:
            return Anonymous()
        if len(sent) > 1:
            return Unknown("the ticket came twice")
        payload, _, mac = sent[0].partition(b".")
        if not hmac.compare_digest(mac, signature(self._key, payload)):
            # Not ours, or of an old key. "unread": the gate asks whether another resolver can make something of it.
            return Anonymous(unread=frozenset({self._cookie}))
        try:
            ticket = msgspec.json.decode(base64.urlsafe_b64decode(payload), type=_Ticket)
            user = user_id(ticket.user)
        except ValueError as error:
            return Unknown(f"a signed ticket is odd: {error}")
        if ticket.expires <= request.now:
            return Anonymous()
        return Login(user, ticket.session, expires=ticket.expires)


def signature(key: bytes, payload: bytes) -> bytes:
    """The part behind the dot."""
    return hmac.new(key, payload, hashlib.sha256).hexdigest().encode()
