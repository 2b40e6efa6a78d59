"""Whose headers are believed: those of peers that the settings name by address, and of nobody else.

    peers = ["10.0.0.7", "10.1.0.0/16", "unix:"]

The peer is whoever holds the connection to the server: REMOTE_ADDR, or ``client`` of an ASGI scope. What a header such as
X-Forwarded-For says of it is never looked up. But servers can be told to put just that in the peer's place, and uvicorn
does so by itself for connections from its own machine. Then the address is what somebody has written, and ``UNCLEAR``:

| who replaces it | how it is seen here |
| --- | --- |
| uvicorn (``proxy_headers`` is on for 127.0.0.1 and ::1), hypercorn's ProxyFix, granian's proxy wrapper for ASGI | port 0 |
| uvicorn, where the header has a port; waitress (``trusted_proxy``), granian's wrapper for WSGI | the header names it |
| werkzeug's ProxyFix, outside of the gate | it leaves the true address in the environ, and that one counts |
| Apache's mod_remoteip, nginx' realip, the PROXY protocol, uwsgi and FastCGI parameters | it is not: the header is gone |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

from .errors import ConfigError
from .http import Request

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

UNIX = "unix:"
_SAYS_WHO_THE_CLIENT_IS = (b"x-forwarded-for", b"forwarded")
_BETWEEN_WORDS = re.compile(r'[\s,;="]+')
_MOST_WORDS = 200
"""So many words of X-Forwarded-For and Forwarded are looked at: the hops of a dozen proxies, in a millisecond."""
# Servers that drop a header with "_" in its name, so that HTTP_X_REMOTE_USER can only have been X-Remote-User. gunicorn
# does since 22 (with gevent's own server, too), Apache (mod_wsgi) since 2.4. wsgiref joins both with a comma; granian,
# cheroot and tornado let the last one win.
_DROPS_UNDERSCORES = re.compile(
    r"(gevent/[2-9]\d\.\S+ )?gunicorn/(2[2-9]|[3-9]\d)\.|waitress\Z|Werkzeug/|Apache/2\.[4-9]"
)

UNCLEAR_PEER = "the peer's address may be what X-Forwarded-For claims: let the server leave it as it is (uvicorn --no-proxy-headers)"


class Sender(Enum):
    """By whom a request was handed over."""

    LISTED = "one of the listed peers"
    OTHER = "somebody else"
    UNCLEAR = "an address that a header may have made up"


class TrustedPeers:
    """The peers that the settings list; raises ConfigError for what names none, or everybody."""

    def __init__(self, listed: Sequence[str], where: str) -> None:
        if not listed:
            raise ConfigError(f'{where}: peers is empty; name who sets the header, such as peers = ["10.0.0.7"]')
        self._unix = UNIX in listed
        self._networks = tuple(_network(text, where) for text in listed if text != UNIX)

    def sender(self, request: Request) -> Sender:
        """Who holds the connection that the request came by."""
        address, port, has_no_address = _peer(request.server)
        if has_no_address:
            return Sender.LISTED if self._unix else Sender.OTHER
        found = _address(address)
        if found is None:
            return Sender.OTHER
        if port in (0, "0") or _may_be_claimed(request, found):
            return Sender.UNCLEAR
        return Sender.LISTED if any(found in network for network in self._networks) else Sender.OTHER


def keeps_names_apart(request: Request, name: bytes) -> bool:
    """Whether a header of this name can have come by no other one that CGI writes alike (``X_User`` for ``X-User``).

    ASGI has the names as they were sent; of WSGI servers only those are believed that drop names with ``_``.
    """
    if b"-" not in name or "type" in request.server:
        return True
    return _DROPS_UNDERSCORES.match(str(request.server.get("SERVER_SOFTWARE", ""))) is not None


def _network(text: str, where: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ConfigError(
            f'{where}: peers: "{text}" is no address, no network and not "{UNIX}" ({error}); write such as "10.0.0.7" '
            'or "10.1.0.0/16"; a name is not looked up'
        ) from None
    if network.prefixlen == 0:
        raise ConfigError(f'{where}: peers: "{text}" is everybody, and everybody could then be anybody')
    return network


def _peer(server: Mapping[str, Any]) -> tuple[object, object, bool]:
    """Address and port of the peer, and whether it came by a socket that has none (each server shows that otherwise)."""
    if "type" in server:
        client, listens = server.get("client"), server.get("server")
        address, port = (client[0], client[1]) if client else ("", None)
        # uvicorn has no client either where the connection is gone already; then the server still has its port.
        return address, port, not address and not (listens and str(listens[1]).strip("0").isdecimal())
    before = server.get("werkzeug.proxy_fix.orig")
    address = (before if isinstance(before, Mapping) else server).get("REMOTE_ADDR") or ""
    port = server.get("REMOTE_PORT")
    # gunicorn, granian, cheroot: nothing; werkzeug: <local>; waitress: localhost, whose port is None
    return address, None, address in ("", "<local>") or (address == "localhost" and port == "None")


def _address(text: object) -> Address | None:
    """An address, an IPv4 one that came over IPv6 as itself; None for what is none."""
    try:
        found = ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _may_be_claimed(request: Request, address: Address) -> bool:
    """Whether the request's headers name the address as its client's, with or without a port, or more than is read."""
    values = [value for name in _SAYS_WHO_THE_CLIENT_IS for value in request.values(name)]
    words = _BETWEEN_WORDS.split(b" ".join(values).decode("latin-1"), _MOST_WORDS)
    if len(words) > _MOST_WORDS:
        return True
    return any(
        _address(text) == address
        for word in words
        for text in (word.strip("[]"), word.rpartition(":")[0].strip("[]"))
        if text
    )
