"""``bearer``: an access token in the Authorization header (RFC 6750 §2.1), known to a function of the operator's.

    { use = "bearer", callable = "portal_directory:user_of_token" }

The function must know every token that the app accepts. A token that it does not know is *read and nobody's*, so that the
app can give its own 401; any other Authorization header stays unread, and if nobody else reads it, it is refused.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from ..asks import Call
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, PluginContext, Reads
from ..references import load_callable
from .answers import what_was_told

AUTHORIZATION = b"authorization"
UNREAD = Anonymous(unread=frozenset({AUTHORIZATION}))
# credentials = scheme 1*SP b64token, of which exactly one SP is taken: parsers differ about more.
_CREDENTIALS = re.compile(rb"(?P<scheme>[^ ]+) (?P<token>[A-Za-z0-9\-._~+/]+=*)")

Scheme = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z", description="a token, RFC 9110 §11.1")]


class BearerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``callable``: ``module:function``, which gets the token and answers a user id, a Login, or None.

    ``scheme``: another word for Bearer, such as Token, in any case.
    """

    callable: str
    scheme: Scheme = "Bearer"

    @property
    def reads(self) -> Reads:
        return Reads(headers=frozenset({AUTHORIZATION}))


class Bearer:
    """Reads the Authorization header of one scheme and asks the operator's function whose token it is."""

    Options: ClassVar[type] = BearerOptions
    pure = False

    def __init__(self, options: BearerOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (bearer)"
        self.reads = options.reads
        self._function = load_callable(options.callable, where, asynchronous=context.asynchronous)
        self._scheme = options.scheme.encode().lower()

    def resolve(self, request: Request) -> Flow[Identity]:
        sent = request.values(AUTHORIZATION)
        if not sent:
            return Anonymous()
        credentials = _CREDENTIALS.fullmatch(sent[0]) if len(sent) == 1 else None
        if credentials is None or credentials["scheme"].lower() != self._scheme:
            return UNREAD
        # What the function raises goes on: that the token cannot be judged is not the same as that nobody has it.
        answer = yield from Call(self._function, (credentials["token"].decode("ascii"),))
        return what_was_told(answer)
