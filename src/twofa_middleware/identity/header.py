"""``header``: a header that a proxy in front of the app sets after it has logged somebody in.

    { use = "header", header = "X-Remote-User", peers = ["10.0.0.7", "10.1.0.0/16", "unix:"] }

Only a peer of the list is believed (``trusted_peers.py``); from anybody else the header is *unread*, so the app does not
get it either. The proxy must set it or take it out on every request, and in every spelling: under WSGI ``X_Remote_User``
looks the same, unless the server drops such names. So there the header is believed only of servers that are known to.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from ..trusted_peers import UNCLEAR_PEER, Sender, TrustedPeers, keeps_names_apart
from .answers import HeaderName, at_once

# What every client writes for itself, or servers keep elsewhere.
OF_CLIENTS = frozenset(
    {
        "accept",
        "accept-language",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "forwarded",
        "host",
        "origin",
        "referer",
        "user-agent",
        "x-forwarded-for",
        "x-real-ip",
    }
)
# What Apache's mod_headers writes for a variable that is not set: everybody without a login would be this one user.
NOT_SET = "(null)"


class HeaderOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``header`` has the user id, and is believed from ``peers`` alone: addresses, networks, and ``unix:`` for a socket
    without address.

    ``session``, ``label`` and ``email`` are further headers of the same proxy. ``server_drops_underscores``: under WSGI,
    the server is known to drop headers with ``_`` in their names.
    """

    header: HeaderName
    peers: list[str]
    session: HeaderName | None = None
    label: HeaderName | None = None
    email: HeaderName | None = None
    server_drops_underscores: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(name for name in (self.header, self.session, self.label, self.email) if name is not None)

    @property
    def reads(self) -> Reads:
        return Reads(headers=frozenset(name.lower().encode() for name in self.headers), peer=True)


class Header:
    """Believes a header of a trusted peer."""

    Options: ClassVar[type] = HeaderOptions
    pure = True

    def __init__(self, options: HeaderOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (header)"
        for name in options.headers:
            if name.lower() in OF_CLIENTS:
                raise ConfigError(f'{where}: "{name}" is what any client can send; name one that only the proxy sets')
            if "_" in name:
                raise ConfigError(f'{where}: write "{name}" with "-" for "_", and let the proxy do so: servers drop it')
        if len({name.lower() for name in options.headers}) < len(options.headers):
            raise ConfigError(f"{where}: header, session, label and email are different headers")
        self._peers = TrustedPeers(options.peers, where)
        self.reads = options.reads
        self._names = tuple(
            None if name is None else name.lower().encode()
            for name in (options.header, options.session, options.label, options.email)
        )
        self._drops_underscores = options.server_drops_underscores

    def resolve(self, request: Request) -> Flow[Identity]:
        return at_once(self._read(request))

    def _read(self, request: Request) -> Identity:
        sent = {name for name, _ in request.headers} & self.reads.headers
        if not sent:
            return Anonymous()
        match self._peers.sender(request):
            case Sender.OTHER:
                return Anonymous(unread=frozenset(sent))
            case Sender.UNCLEAR:
                return Unknown(UNCLEAR_PEER)
            case Sender.LISTED:
                return self._who(request, sent)

    def _who(self, request: Request, sent: set[bytes]) -> Identity:
        for name in sent:
            if not (self._drops_underscores or keeps_names_apart(request, name)):
                return Unknown(
                    f'this server may make {name.decode()} of a header with "_" that the client has sent; serve the app '
                    "by gunicorn or waitress, or say server_drops_underscores = true if it drops them"
                )
        header, session, label, email = self._names
        try:
            user = _one(request, header)
            if user is None:
                return Anonymous()
            found = _one(request, session)
        except ValueError as error:
            return Unknown(f"{error}")
        if session is not None and found is None:
            # Without it the next log-in would look like this one.
            return Unknown(f"a user came without {session.decode()}")
        return Login(user, found, _text(request, label), _text(request, email))


def _one(request: Request, name: bytes | None) -> str | None:
    """The one value of a header, None where it was not sent; ValueError for what could be read in two ways."""
    sent = [] if name is None else request.values(name)
    if name is None or not sent:
        return None
    if len(sent) > 1:
        raise ValueError(f"{name.decode()} came twice")
    try:
        value = user_id(sent[0].decode("ascii"))
    except UnicodeDecodeError:
        raise ValueError(f"{name.decode()} is not ASCII") from None
    except ValueError as error:
        raise ValueError(f"{name.decode()} is odd: {error}") from None
    if "," in value:
        raise ValueError(f"{name.decode()} has a comma, by which servers join two headers")
    if value == NOT_SET:
        raise ValueError(f"{name.decode()} is {NOT_SET}: the proxy sends it where nobody is logged in")
    return value


def _text(request: Request, name: bytes | None) -> str:
    """A label or an address for people: nobody is told apart by it, so an odd one is left out."""
    sent = [] if name is None else request.values(name)
    try:
        text = sent[0].decode() if len(sent) == 1 else ""
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
