"""``bearer``: an access token in the Authorization header (RFC 6750 §2.1), known to a function of the operator's or to a
page of the app's.

    { use = "bearer", callable = "portal_directory:user_of_token" }
    { use = "bearer", paths = ["ANY /api/**"], page = "/api/me", user = "id" }

The function must know every token that the app accepts. A token that it does not know is *read and nobody's*, so that the
app can give its own 401; any other Authorization header stays unread, and if nobody else reads it, it is refused. So is
one that comes elsewhere than at ``paths``.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from msgspec import Meta

from ..app_page import FactOptions, Facts, Question
from ..app_page.facts import ACCEPTS
from ..asks import Call
from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, PluginContext, Reads, Unknown
from ..references import load_callable
from .answers import what_was_told
from .doors import AUTHORIZATION, REFUSED, UNREAD, Door, Paths

# credentials = scheme 1*SP b64token, of which exactly one SP is taken: parsers differ about more.
_CREDENTIALS = re.compile(rb"(?P<scheme>[^ ]+) (?P<token>[A-Za-z0-9\-._~+/]+=*)")

Scheme = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z", description="a token, RFC 9110 §11.1")]


class BearerOptions(FactOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``callable``: ``module:function``, which gets the token and answers a user id, a Login, or None. ``scheme``: another
    word for Bearer, such as Token, in any case.

    Or ``page``: a page of the app's that names in ``user`` whose token it was asked with. ``paths``: where the app takes
    the header; everywhere, unless there is a ``page``.
    """

    callable: str | None = None
    scheme: Scheme = "Bearer"
    paths: Annotated[list[str], Meta(min_length=1)] | None = None
    page: str | None = None
    user: str | None = None

    @property
    def reads(self) -> Reads:
        return Reads(headers=frozenset({AUTHORIZATION}))


class Bearer:
    """Reads the Authorization header of one scheme and asks whose token it is."""

    Options: ClassVar[type] = BearerOptions
    pure = False

    def __init__(self, options: BearerOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (bearer)"
        self.reads = options.reads
        self._scheme = options.scheme.encode().lower()
        self._paths = None if options.paths is None else Paths(options.paths, context, where)
        self._function = None
        if options.callable is not None:
            if options.page is not None or options.user is not None:
                raise ConfigError(f"{where}: callable goes without page and user: one of them knows the tokens")
            self._function = load_callable(options.callable, where, asynchronous=context.asynchronous)
            return
        if options.page is None or options.user is None or options.paths is None:
            raise ConfigError(f"{where}: needs callable, or page with user (where it names the id) and paths")
        self._facts = Facts(options.user, options, where)
        self._door = Door(Question(options.page, options, ACCEPTS[options.format], context, where))

    def resolve(self, request: Request) -> Flow[Identity]:
        sent = request.values(AUTHORIZATION)
        if not sent:
            return Anonymous()
        credentials = _CREDENTIALS.fullmatch(sent[0]) if len(sent) == 1 else None
        if credentials is None or credentials["scheme"].lower() != self._scheme:
            return UNREAD
        if self._paths is not None and not self._paths.lead_here(request):
            return UNREAD
        if self._function is not None:
            # What it raises goes on: that the token cannot be judged is not the same as that nobody has it.
            return what_was_told((yield from Call(self._function, (credentials["token"].decode("ascii"),))))
        answer = yield from self._door.ask(request, sent[0])
        if answer is None:
            return REFUSED
        try:
            return self._facts.login(answer)
        except ValueError as error:
            return Unknown(f"the door's page cannot be read: {error}")
