"""``probe``: the app itself is asked who is logged in, by a page of its own, in process, for each request.

    { use = "probe", page = "/api/me", cookies = ["sessionid"], user = "user.id", anonymous = { status = 401 } }
    { use = "probe", page = "/", cookies = ["sid"], format = "text", user = 'data-user-id="(\\d+)"',
      anonymous = { status = 302, location = "/login" } }

Only an answer 200 with one user is a login, only the configured sign is nobody; whatever else the app answers, it cannot
be told who is there. A request without any of the cookies is nobody's, and the app is not asked.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from ..app_page import FactOptions, Facts, Question
from ..app_page.facts import ACCEPTS
from ..app_page.question import SENT_ALWAYS
from ..app_page.signs import AnonymousOptions, Sign
from ..asks import AppAnswer
from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, PluginContext, Reads, Unknown
from .answers import CacheSeconds, CookieName


class ProbeOptions(FactOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``page``: the app's page. ``cookies``: all by which the app knows somebody. ``user`` and the like: where the page
    names them. ``anonymous``: by what it shows that nobody is logged in, one sign or several. ``keep_cookies``: those
    that go to the app and the browser when the page sets them; all others that it sets are lost. ``cache_seconds``: for so
    long it may be remembered whose the cookies are; only for apps that change one of them at each log-in."""

    page: str
    cookies: Annotated[list[CookieName], Meta(min_length=1)]
    user: str
    anonymous: AnonymousOptions | list[AnonymousOptions]
    keep_cookies: list[CookieName] = msgspec.field(default_factory=list)
    cache_seconds: CacheSeconds = 0

    @property
    def reads(self) -> Reads:
        return Reads(cookies=frozenset(name.encode() for name in self.cookies))


class Probe:
    """Asks a page of the app's."""

    Options: ClassVar[type] = ProbeOptions
    pure = False

    def __init__(self, options: ProbeOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (probe)"
        signs = options.anonymous if isinstance(options.anonymous, list) else [options.anonymous]
        if not signs:
            raise ConfigError(f"{where}: anonymous names no sign; write such as {{ status = 401 }}")
        if options.method == "PROPFIND":
            raise ConfigError(f"{where}: method is GET or POST")
        for name in options.keep_cookies:
            if name.removeprefix("__Host-").startswith("2fa-"):
                raise ConfigError(f'{where}: keep_cookies has "{name}", which is a cookie of ours')
        if options.cache_seconds and options.keep_cookies:
            raise ConfigError(f"{where}: cache_seconds and keep_cookies: the page sets no cookie when it is not asked")
        self.reads = options.reads
        self.cache_seconds = options.cache_seconds
        self.remembered_by = Reads(
            headers=frozenset((b"host", *SENT_ALWAYS, *(name.lower().encode() for name in options.sends))),
            server=frozenset({"scheme", "wsgi.url_scheme", "SERVER_NAME", "SERVER_PORT"}),
            peer=True,
        )
        self._facts = Facts(options.user, options, where)
        self._signs = [Sign(sign, options.format, f"{where}: anonymous") for sign in signs]
        self._question = Question(
            options.page, options, ACCEPTS[options.format], context, where, keeps=options.keep_cookies
        )

    def resolve(self, request: Request) -> Flow[Identity]:
        sent = request.cookies()
        credential = [part for name in sorted(self.reads.cookies & sent.keys()) for part in (name, *sent[name])]
        if not credential:
            return Anonymous()
        cookies = ((b"cookie", request.header_line(b"cookie")),)
        answer = yield from self._question.ask(request, cookies, turn=credential)
        return self._read(request, answer)

    def _read(self, request: Request, answer: AppAnswer) -> Identity:
        is_nobody = any(sign.holds(answer, request, self._question.page) for sign in self._signs)
        said: Identity = Unknown(
            f"{self._question.page} answered {answer.status}, which is neither a login nor the sign"
        )
        if answer.status == 200:
            try:
                said = self._facts.login(answer)
            except ValueError as error:
                said = Unknown(f"{self._question.page} cannot be read: {error}")
        if not is_nobody:
            return said
        if isinstance(said, Unknown):
            return Anonymous()
        return Unknown(f"{self._question.page} names a user and shows the sign of anonymous, too")
