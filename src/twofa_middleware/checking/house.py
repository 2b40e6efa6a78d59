"""An app in its trial realm: bare, watched by a spy, and behind the gate; and who comes to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..asks import AppAnswer, AskApp
from ..browser.cookies import is_ours
from ..browser.kept import KeptCookies
from ..drive import adrive, drive
from ..http import Request, set_cookies
from ..policy.paths import PathRule, asks_less
from ..protocol import Ask, Flow, Result
from ..runtime import Runtime
from ..settings import Settings
from .browsing import FETCHES, Browser
from .own_pages import send_log_out
from .serving import AsgiServer, Page, Sent, Server, WsgiServer
from .spying import AsgiSpy, Spy, WsgiSpy
from .trial import trial_realm
from .words import Words, words


class Clock:
    """The machine's time, which a check moves on to the next code."""

    def __init__(self) -> None:
        self._ahead = 0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def on(self, seconds: int) -> None:
        self._ahead += seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the gate's to the app itself. ``sets`` are the cookies by which people are known that its answer sets
    and that nobody gets."""

    method: str
    path: str
    status: int
    sets: frozenset[bytes]


class House:
    """What the steps of a check work on. ``secret`` is that of the authenticator once it is turned on; ``asked`` are the
    questions to the app since the list was last cleared."""

    def __init__(self, settings: Settings, name: str, target: Any, server: Server) -> None:
        self.target = target
        self.app = settings.app(name)
        self.prefix = settings.prefix
        self.spy = Spy()
        self.clock = Clock()
        self.secret = b""
        self.asked: list[Asked] = []
        self._server: Any = server
        self._colour = "asgi" if isinstance(server, AsgiServer) else "wsgi"
        self._origin = self.app.origins[0]
        self._bare: Any = (AsgiSpy if self._colour == "asgi" else WsgiSpy)(target, self.spy)
        self._asking = import_module(f"twofa_middleware_{self._colour}.asking").Asking(self._bare)
        wrap = import_module(f"twofa_middleware.{self._colour}").TwoFactorMiddleware
        self._wrapped = wrap(self._bare, settings, name=name, clock=self.clock)
        self.runtime: Runtime = self._wrapped.runtime
        self._exempt = tuple(PathRule.parse(rule) for rule in self.app.exempt)

    @property
    def shows_session(self) -> bool:
        """Whether a session, where a login has one, is another with each log-in; a resolver can say that it is not."""
        return any(getattr(resolver, "shows_session", True) for _, resolver in self.runtime.gate.resolvers)

    def browser(self) -> Browser:
        """Somebody new, before the gate."""
        return Browser(self._server, self._wrapped, self._origin, (self.spy.mark,))

    def words(self, browser: Browser, target: str = "") -> Words:
        """What the resolvers say of this browser's next request."""
        sent = Sent("GET", target or self.app.home, browser.headers(*FETCHES))
        return self._run(words(self.runtime.gate, self._request(sent)))

    def ask_bare(self, browser: Browser, target: str) -> Page:
        """Ask the app itself, without the gate, as this browser."""
        page: Page = self._server.ask(self._bare, Sent("GET", target, browser.headers(*FETCHES)))
        return page

    def log_out(self, browser: Browser) -> Page | None:
        return send_log_out(self, browser)

    def is_own(self, page: Page) -> bool:
        """Whether the answer is the gate's, or leads to a page of its own."""
        return page.location.startswith(f"{self.prefix}/") or page.status in (403, 503)

    def may_anybody_open(self, target: str) -> bool:
        """Whether the settings list this WebSocket as one of nobody's."""
        return asks_less(self.runtime.gate.site.anonymous_websockets, self._request(Sent("GET", target)))

    def is_exempt(self, method: str, target: str) -> bool:
        return asks_less(self._exempt, self._request(Sent(method, target)))

    @staticmethod
    def is_ours(cookie: bytes) -> bool:
        return is_ours(cookie)

    def close(self) -> None:
        self.runtime.close()

    def _request(self, sent: Sent) -> Request:
        translate = import_module(f"twofa_middleware_{self._colour}.translate")
        lent = self._server.scope(sent) if self._colour == "asgi" else self._server.environ(sent)
        request: Request = translate.read_request(lent, int(self.clock()))
        return request

    def _run(self, flow: Flow[Result]) -> Result:
        """Drive a flow as the adapter would; what it asks the app goes to the app."""

        kept, context = KeptCookies(), copy_context()

        def heard(ask: AskApp, answer: AppAnswer) -> AppAnswer:
            sets = {name for name, _ in set_cookies(answer.headers)} & self.runtime.gate.cookies_read
            self.asked.append(Asked(ask.method, ask.path, answer.status, frozenset(sets - ask.keep_cookies)))
            return answer

        if self._colour == "wsgi":

            def answer(ask: Ask[Any]) -> Any:
                if isinstance(ask, AskApp):
                    return heard(ask, self._asking.answer(ask, kept, context))
                return self.runtime.answer(ask)

            return drive(flow, answer)

        async def answer_async(ask: Ask[Any]) -> Any:
            if isinstance(ask, AskApp):
                return heard(ask, await self._asking.answer(ask, kept, context))
            return await self.runtime.answer_async(ask)

        result: Result = self._server.runner.run(adrive(flow, answer_async))
        return result


@contextmanager
def opened(settings: Settings, name: str, target: Any, *, asynchronous: bool) -> Iterator[House]:
    """The app in a realm of its own for as long as the check lasts."""
    origin = settings.app(name).origins[0]
    server = AsgiServer(origin, target) if asynchronous else WsgiServer(origin)
    with closing(server), trial_realm(settings) as trial, closing(House(trial, name, target, server)) as house:
        yield house
