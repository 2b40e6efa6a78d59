"""``callable``: a function of the operator's says who is logged in.

    { use = "callable", callable = "portal_identity:who", cookies = ["portal"], headers = ["x-portal-token"] }

The function gets the ``Request`` and answers a ``Login``, a user id, or None for nobody. It must read a request exactly as
the app does, and name all that it looks at: only what is named is guarded against being sent twice, and only what is
named is left to the app as read.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ..asks import Call
from ..errors import ConfigError
from ..http import Request
from ..protocol import Flow, Identity, PluginContext, Reads
from ..references import load_callable
from .answers import CookieName, HeaderName, what_was_told


class CallableOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``callable``: ``module:function``. ``cookies``, ``headers`` and ``server`` (keys of the environ or scope) name what
    it looks at. ``pure``: its answer depends on these and the clock alone, and its Login says when it expires."""

    callable: str
    cookies: list[CookieName] = []
    headers: list[HeaderName] = []
    server: list[str] = []
    pure: bool = False

    @property
    def reads(self) -> Reads:
        return Reads(
            cookies=frozenset(name.encode() for name in self.cookies),
            headers=frozenset(name.lower().encode() for name in self.headers),
            server=frozenset(self.server),
        )


class CallableResolver:
    """Asks the operator's function."""

    Options: ClassVar[type] = CallableOptions

    def __init__(self, options: CallableOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (callable)"
        self.reads = options.reads
        self.pure = options.pure
        if b"cookie" in self.reads.headers:
            raise ConfigError(f'{where}: headers cannot hold "cookie"; name the single cookies under cookies')
        if self.pure and self.reads == Reads():
            # The answer to one request would be the answer to all.
            raise ConfigError(
                f"{where}: pure = true needs to know on what the answer depends: cookies, headers or server"
            )
        self._function = load_callable(options.callable, where, asynchronous=context.asynchronous)

    def resolve(self, request: Request) -> Flow[Identity]:
        answer = yield from Call(self._function, (request,))
        return what_was_told(answer)
