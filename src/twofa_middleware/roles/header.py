"""``header``: roles and groups that a proxy in front of the app sends with each request of somebody it has logged in.

    roles = { use = "header", header = "X-Remote-Groups", peers = ["10.0.0.7"], groups = { Managers = ["Approver"] } }

As with the resolver of the same name, only a peer of the list is believed, and what others send does not reach the app.
A login without the header cannot be told from one whose header was lost, so it refuses the request where a role would
matter, unless the settings say that it means no role.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, IdentityResolver, Login, PluginContext, Reads
from ..trusted_peers import UNCLEAR_PEER, Sender, TrustedPeers, keeps_names_apart
from .groups import with_groups

HeaderName = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^`|~0-9A-Za-z]+\Z", description='a token without "_"')]


class HeaderRolesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``header``: the names, with ``separator`` between them. ``peers``: who is believed, as for the resolver.

    ``missing``: a login without the header is "refused" where a role matters, or has "none". ``groups``: group → roles,
    and groups again. ``server_drops_underscores``: as for the resolver.
    """

    header: HeaderName
    peers: list[str]
    separator: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    missing: Literal["refused", "none"] = "refused"
    groups: dict[str, list[str]] = {}
    server_drops_underscores: bool = False


class HeaderRoles:
    """Believes what a trusted peer says of somebody's roles."""

    Options: ClassVar[type] = HeaderRolesOptions

    def __init__(self, options: HeaderRolesOptions, context: PluginContext) -> None:
        where = "roles (header)"
        if options.header.lower() in ("authorization", "cookie", "host", "x-forwarded-for"):
            raise ConfigError(f'{where}: "{options.header}" is what any client can send; name one of the proxy\'s own')
        self._peers = TrustedPeers(options.peers, where)
        self._name = options.header.lower().encode()
        self._options = options
        self.guard: IdentityResolver = _Guard(self._name, self._peers)

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        """The roles; ValueError for what can be read in two ways, LookupError where nothing that is believed came."""
        return with_groups(self._names(request), self._options.groups)
        yield  # makes it a flow

    def _names(self, request: Request) -> list[str]:
        header = self._options.header
        sender = self._peers.sender(request)
        if sender is Sender.UNCLEAR:
            raise LookupError(f"{header}: {UNCLEAR_PEER}")
        if sender is Sender.OTHER:
            # Not even that there is none: this login has not come by the proxy that knows its roles.
            raise LookupError(f"{header}: the request comes from a peer that is not listed")
        sent = request.values(self._name)
        if len(sent) > 1:
            raise ValueError(f"{header} came twice")
        if not sent:
            if self._options.missing == "none":
                return []
            raise LookupError(f'{header} is missing; if that means no role, say missing = "none"')
        if not (self._options.server_drops_underscores or keeps_names_apart(request, self._name)):
            raise ValueError(f'this server may make {header} of a header with "_" that the client has sent')
        try:
            names = [name.strip(" \t") for name in sent[0].decode().split(self._options.separator)]
        except UnicodeDecodeError:
            raise ValueError(f"{header} is not UTF-8") from None
        if not all(name.isprintable() for name in names):
            raise ValueError(f"{header} has control characters")
        return [name for name in names if name]


class _Guard:
    """Keeps the header of everybody else from the app; asked with the app's resolvers, it never finds anybody."""

    Options: ClassVar[type] = HeaderRolesOptions
    pure = True

    def __init__(self, name: bytes, peers: TrustedPeers) -> None:
        self.reads = Reads(headers=frozenset({name}), peer=True)
        self._peers = peers

    def resolve(self, request: Request) -> Flow[Identity]:
        is_unread = self._peers.sender(request) is not Sender.LISTED
        return Anonymous(unread=self.reads.headers if is_unread else frozenset())
        yield  # makes it a flow
