"""``remote_user``: the name that the web server, or a layer outside the gate, has put into the environ or scope.

    { use = "remote_user", variable = "REMOTE_USER" }

Whoever sets the variable must set or remove it on every request. Under WSGI a name beyond ASCII is refused: it comes as
bytes in disguise (PEP 3333), and who reads them otherwise than the app may name somebody else. A ``callable`` that
decodes it as the app does is the way round.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from .answers import at_once

# What every client writes as it likes (PEP 3333, RFC 3875 §4.1, and ASGI's names for the same). HTTP_ is all its headers.
WRITTEN_BY_CLIENTS = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "HEADERS",
        "METHOD",
        "PATH",
        "PATH_INFO",
        "QUERY_STRING",
        "RAW_PATH",
        "RAW_URI",
        "REQUEST_METHOD",
        "REQUEST_URI",
        "SCRIPT_NAME",
        "SERVER_PROTOCOL",
        "SUBPROTOCOLS",
    }
)


class RemoteUserOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``variable``: a key of the environ (WSGI) or the scope (ASGI)."""

    variable: str = "REMOTE_USER"

    @property
    def reads(self) -> Reads:
        return Reads(server=frozenset({self.variable}))


class RemoteUser:
    """Believes a variable that only the server, or a layer outside the gate, can set."""

    Options: ClassVar[type] = RemoteUserOptions
    pure = True

    def __init__(self, options: RemoteUserOptions, context: PluginContext) -> None:
        variable = options.variable
        if not variable or variable.upper().startswith("HTTP_") or variable.upper() in WRITTEN_BY_CLIENTS:
            raise ConfigError(
                f"[apps.{context.app}] identity (remote_user): variable = {variable!r} is what any client can send; "
                "name one that only the server sets, such as REMOTE_USER"
            )
        self.reads = options.reads
        self._variable = variable
        self._only_ascii = not context.asynchronous

    def resolve(self, request: Request) -> Flow[Identity]:
        return at_once(self._read(request))

    def _read(self, request: Request) -> Identity:
        value = request.server.get(self._variable)
        if value is None or value == "":
            return Anonymous()
        try:
            user = user_id(value)
        except ValueError as error:
            return Unknown(f"{self._variable} is odd: {error}")
        if self._only_ascii and not user.isascii():
            return Unknown(f"{self._variable} is not ASCII")
        return Login(user)
