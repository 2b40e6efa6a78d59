"""``watch``: the log-in itself says who logs in, for apps that nothing else can read.

    { use = "watch", cookie = "sid", login = "POST /login", field = "username", case = "matters",
      success = { status = 302, location = "/home" }, refresh = ["POST /session/renew"] }

The name is the field of the log-in's own form or JSON. It is believed when the app answers with the sign of success, and
bound to the cookie that the answer sets. What is bound ends before the app sees the next log-in or log-out with that cookie,
and is made anew only by the sign of success; and with a log-in the app gets no such cookie, so that it begins a session of
its own: else whoever has a session could log in as somebody else in it and go on as himself.

A cookie that is not bound is *unread*: the app gets it where ``anonymous`` says so, and with log-ins where
``login_gets_cookie`` does.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from ..asks import BeginLogin, Bind, Call, Moved, Random, ReadBody, Unbind
from ..errors import ConfigError
from ..http import Headers, Request, set_cookies
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Seals, Unknown, UserKey, user_id
from ..references import load_callable
from .answers import what_was_told
from .bindings import Binding, Bindings
from .login_bodies import LOGIN_BODY_BYTES, LOGIN_BODY_SECONDS, name_in
from .watch_options import WatchOptions, WatchRules

LOGIN_SECONDS = 120
"""So long a log-in may take the app. One that takes longer binds nothing, and ends what was bound meanwhile."""
FADES_SECONDS = 60
"""So long a cookie stays bound in whose place the app has set another: requests may be on their way with it."""
SESSION_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Begun:
    """A log-in or a log-out on its way. ``who`` None: no log-in that is believed. ``login`` None: whose, nobody can say."""

    key: UserKey | None
    who: bytes | None
    login: Login | None


class Watch:
    """Learns who logs in from the log-ins, and keeps in the store whose a cookie is."""

    Options: ClassVar[type] = WatchOptions
    pure = False
    shows_session = True

    def __init__(self, options: WatchOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (watch)"
        if context.seals is None:
            raise ConfigError(f"{where}: it needs the keys of the realm")
        self.reads = options.reads
        self._options = options
        self._rules = WatchRules.of(options, where)
        self._seals: Seals = context.seals
        self._bindings = Bindings(context.seals, context.app, options.cookie)
        self._cookie = options.cookie.encode()
        self.withholds = frozenset[bytes]() if options.login_gets_cookie else frozenset({self._cookie})
        self._resolve = (
            load_callable(options.resolve, where, asynchronous=context.asynchronous) if options.resolve else None
        )

    # ---- who is logged in -------------------------------------------------------------------------------------------

    def resolve(self, request: Request) -> Flow[Identity]:
        sent = request.cookies().get(self._cookie, [])
        if not sent:
            return Anonymous()
        if len(sent) > 1:
            return Unknown("the cookie came twice")
        bound = yield from self._bindings.read(sent[0], request.now)
        if bound is not None:
            return Login(bound.user, bound.session, bound.label, bound.email)
        return Anonymous() if self._rules.may_be_unbound(request) else Anonymous(unread=frozenset({self._cookie}))

    def log_out(self, request: Request) -> Flow[None]:
        """End what is bound; the app's own session is not in reach, but it gets that cookie with the next log-in alone."""
        key = self._sent_key(request)
        if key is not None:
            yield from Unbind(key, None, request.now)

    # ---- before the app ---------------------------------------------------------------------------------------------

    def before_app(self, request: Request, logs_in: bool) -> Flow[_Begun]:
        """What is bound to the request's cookie ends, whatever the app will say."""
        key = self._sent_key(request)
        if not (logs_in and self._rules.logs_in(request)):
            if key is not None:
                yield from Unbind(key, None, request.now)
            return _Begun(key, None, None)
        body = b"" if request.is_safe else (yield from ReadBody(LOGIN_BODY_BYTES, LOGIN_BODY_SECONDS))
        name = name_in(request, body, self._options.format, self._options.field)
        login = None if name is None else (yield from self._login_of(name))
        who = self._seals.name("watched log-in", login.user if login else f"\x00{name or ''}").encode()
        if key is not None and self.withholds:
            yield from Unbind(key, None, request.now)
            key = None
        elif key is not None:
            yield from BeginLogin(key, who, request.now + LOGIN_SECONDS, request.now)
        return _Begun(key, who, login)

    def _login_of(self, name: str) -> Flow[Login | None]:
        """Whose the name is that was typed; None where that cannot be said for certain."""
        if self._resolve is not None:
            told = what_was_told((yield from Call(self._resolve, (name,))))
            return told if isinstance(told, Login) else None
        # Beyond ASCII the app's database may take two names for one, and with spaces the app itself.
        if not name.isascii() or not name.isprintable() or " " in name:
            return None
        name = name.lower() if self._options.case == "ignored" else name
        try:
            return Login(user_id(name), label=name)
        except ValueError:
            return None

    # ---- after it ---------------------------------------------------------------------------------------------------

    def after_app(
        self, request: Request, login: Login | None, held: Any, status: int, headers: Headers, place: str | None
    ) -> Flow[str | None]:
        sets = [value for name, value in set_cookies(headers) if name == self._cookie]
        new = next((value for value in reversed(sets) if value), None)
        if isinstance(held, _Begun):
            if held.who is None:
                return None
            if not self._rules.succeeded(status, place, new):
                if held.key is not None:
                    yield from Unbind(held.key, held.who, request.now)
                return None
            return (yield from self._bind(request, held, new))
        key = self._sent_key(request)
        if key is None or login is None or not sets:
            return None
        sent = request.cookies()[self._cookie][0]
        if new == sent:
            return None
        if new is not None and self._rules.may_refresh(request):
            yield from self._rebind(request, sent, new, login)
        else:
            # The app may know the log-in by both values now, and only one of them could be bound to somebody else later.
            yield from Unbind(key, None, request.now)
        return None

    def _bind(self, request: Request, begun: _Begun, new: bytes | None) -> Flow[str | None]:
        value = new
        if new is None and not self.withholds:
            value = next(iter(request.cookies().get(self._cookie, ())), None)
        key = None if value is None else self._bindings.key(value)
        if begun.key is not None and (key != begun.key or begun.login is None):
            yield from Unbind(begun.key, begun.who, request.now)
        if begun.login is None:
            return "a log-in succeeded by a name of which nobody can say whose it is"
        if key is None or value is None:
            return "a log-in succeeded and set no cookie; see login_gets_cookie in docs/resolvers.md"
        session = base64.urlsafe_b64encode((yield from Random(SESSION_BYTES))).rstrip(b"=").decode()
        login, expires_at = begun.login, request.now + self._options.hours * 3600
        binding = Binding(self._bindings.spelling(value), login.user, session, login.label, login.email, expires_at)
        record = yield from self._bindings.sealed(key, binding)
        who = begun.who if key == begun.key else None
        if isinstance((yield from Bind(key, who, record, expires_at, request.now)), Moved):
            return "two log-ins with one cookie were on their way at once"
        return None

    def _rebind(self, request: Request, sent: bytes, new: bytes, login: Login) -> Flow[None]:
        """The answer's cookie is of the same log-in, if the request's still is."""
        key, other = self._bindings.key(sent), self._bindings.key(new)
        bound = yield from self._bindings.read(sent, request.now)
        if bound is None or (bound.user, bound.session) != (login.user, login.session):
            return
        record = yield from self._bindings.sealed(
            other, msgspec.structs.replace(bound, value=self._bindings.spelling(new))
        )
        yield from Bind(other, None, record, bound.expires_at, request.now)
        if other == key:
            return
        fades_at = min(bound.expires_at, request.now + FADES_SECONDS)
        faded = msgspec.structs.replace(bound, expires_at=fades_at)
        yield from Bind(key, None, (yield from self._bindings.sealed(key, faded)), fades_at, request.now)

    def _sent_key(self, request: Request) -> UserKey | None:
        sent = request.cookies().get(self._cookie, [])
        return self._bindings.key(sent[0]) if len(sent) == 1 else None
