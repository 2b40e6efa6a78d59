"""``django``: the app's own session engine and ``get_user``, in this process. No line of the app is changed.

    { use = "django", settings_module = "shop.settings" }

Whom Django takes for logged in is logged in here, and nobody else: the session is loaded by SESSION_ENGINE and checked by
``django.contrib.auth.get_user``. Nothing is written while it is read. A cookie that the engine does not know, and one
whose session names a user whom Django refuses (a changed password, a deleted user), is *unread*: the app does not get it,
so it cannot be taken there for somebody after all. A session that names nobody stays.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import Any, ClassVar

import msgspec

from ..asks import Call
from ..django_project import asked, set_up
from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from .answers import CacheSeconds, CookieName

_WRITES = ("create", "save", "delete", "flush", "cycle_key")


class DjangoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``settings_module``: what DJANGO_SETTINGS_MODULE says, where it is not set. ``cookie``: SESSION_COOKIE_NAME.

    ``session``: a key of the session's data that the app sets anew at each log-in. Only sessions that lie in signed
    cookies need it: of all others it is known by their key, which Django changes at each log-in. ``cache_seconds``: for so
    long it may be remembered whose a session is.
    """

    settings_module: str | None = None
    cookie: CookieName = "sessionid"
    session: str | None = None
    cache_seconds: CacheSeconds = 0

    @property
    def reads(self) -> Reads:
        return Reads(cookies=frozenset({self.cookie.encode()}))


class DjangoSession:
    """Asks Django, in process, who is logged in."""

    Options: ClassVar[type] = DjangoOptions
    pure = False

    def __init__(self, options: DjangoOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (django)"
        set_up(options.settings_module, where)
        from django.conf import settings

        if options.cookie != settings.SESSION_COOKIE_NAME:
            raise ConfigError(
                f'{where}: cookie = "{options.cookie}", but the project has SESSION_COOKIE_NAME = '
                f'"{settings.SESSION_COOKIE_NAME}"; write cookie = "{settings.SESSION_COOKIE_NAME}"'
            )
        from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookies

        self.reads = options.reads
        self.cache_seconds = options.cache_seconds
        self._cookie = options.cookie
        self._fact = options.session
        self._engine: Any = _engine(settings.SESSION_ENGINE, where)
        self._is_kept_by_browser = issubclass(self._engine, SignedCookies)
        self.shows_session = options.session is not None or not self._is_kept_by_browser
        if options.cache_seconds and not self.shows_session:
            raise ConfigError(
                f"{where}: cache_seconds needs a session that Django changes at each log-in; with signed cookies name one of "
                "the app's own in `session`"
            )

    def resolve(self, request: Request) -> Flow[Identity]:
        sent = request.cookies().get(self._cookie.encode(), [])
        if not sent:
            return Anonymous()
        if len(sent) > 1:
            return Unknown("the cookie came twice")
        key = self._key(sent[0])
        answer: Identity = (yield from Call(asked, (self._read, key))) if key else self._unread()
        return answer

    def log_out(self, request: Request) -> Flow[None]:
        """End the session on the server, as Django's own log-out does; of a signed cookie there is nothing to end."""
        for sent in request.cookies().get(self._cookie.encode(), []):
            if key := self._key(sent):
                yield from Call(asked, (self._flush, key))

    def _key(self, sent: bytes) -> str:
        """The session key as Django reads it out of the Cookie header; empty for what it can never have written."""
        from django.http import parse_cookie

        if not sent.isascii():
            return ""
        key: str = parse_cookie(f"{self._cookie}={sent.decode()}").get(self._cookie, "")
        return key

    def _unread(self) -> Anonymous:
        return Anonymous(unread=self.reads.cookies)

    def _read(self, key: str) -> Identity:
        from django.contrib.auth import SESSION_KEY, get_user
        from django.http import HttpRequest

        session = self._engine(key)
        for name in _WRITES:
            # get_user and some engines end or renew a session by themselves: that is for the app to do, not for us.
            setattr(session, name, self._not_written(session))
        names_somebody = SESSION_KEY in session
        if session.session_key is None:
            return self._unread()
        if not names_somebody:
            return Anonymous()
        seen = HttpRequest()
        seen.session = session
        user = get_user(seen)
        if not user.is_authenticated:
            return self._unread()
        return self._who(user, key, session)

    def _not_written(self, session: Any) -> Any:
        def instead(*_: object, **__: object) -> None:
            session._session_key = None  # what an engine does not know, or would end, is no session

        return instead

    def _who(self, user: Any, key: str, session: Any) -> Identity:
        try:
            known = user_id(user._meta.pk.value_to_string(user))
            shown = self._session(key, session)
        except ValueError as error:
            return Unknown(f"the session is odd: {error}")
        return Login(known, shown, _text(user.get_username()), _text(getattr(user, user.get_email_field_name(), "")))

    def _session(self, key: str, session: Any) -> str | None:
        if self._fact is not None:
            value = session.get(self._fact)
            if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
                raise ValueError(f"it names a user, and nothing of use as {self._fact}")
            return str(value)
        if self._is_kept_by_browser:
            return None
        # Whoever has the key is logged in, so it goes nowhere.
        return hashlib.sha256(f"django session {key}".encode()).hexdigest()[:32]

    def _flush(self, key: str) -> None:
        from django.contrib.auth import get_user
        from django.contrib.auth.signals import user_logged_out
        from django.http import HttpRequest

        seen = HttpRequest()
        seen.session = self._engine(key)
        try:
            user = get_user(seen)
            if user.is_authenticated:
                seen.user = user
                # Robust: a receiver that wants more of a request than this one has must not keep the session alive.
                user_logged_out.send_robust(sender=user.__class__, request=seen, user=user)
        finally:
            seen.session.flush()


def _engine(name: str, where: str) -> type[Any]:
    try:
        engine: type[Any] = import_module(name).SessionStore
    except (ImportError, AttributeError) as error:
        raise ConfigError(f'{where}: SESSION_ENGINE = "{name}" of the project cannot be used: {error}') from error
    return engine


def _text(value: object) -> str:
    """A name or an address for people: nobody is told apart by it, so an odd one is left out."""
    return value if isinstance(value, str) and value.isprintable() else ""
