"""``signed_cookie``: the app's own session cookie, read with the app's own secret.

    { use = "signed_cookie", cookie = "session", secret = "env:APP_SECRET", user = "user_id", session = "login_id" }

A cookie that its resolver cannot read is *unread*: the app does not get it, so it cannot be read there as somebody
else's. A signed session that names nobody is read, and stays.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from ..references import read_secret
from .answers import CookieName, at_once
from .facts import FactPath, fact, text_for_people
from .signed_values import Format, SignedValues

# What the frameworks use where the app sets nothing; an app's own serializer has no default.
DEFAULT_AGE_SECONDS = {"flask": 31 * 86400, "starlette": 14 * 86400}
# Machines that sign and check do not quite agree on the time. The frameworks themselves take a signature from the future
# for an expired one, so what is let through here is at worst nobody to the app.
CLOCK_SKEW_SECONDS = 60

FLASK_LOGIN_REMEMBERS = b"remember_token"


class SignedCookieOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``secret``: one reference or several (current and fallback keys). ``salt``: for ``format = "itsdangerous"``.

    ``user``, ``session``, ``label`` and ``email`` are dotted paths into the session's JSON. ``max_age_seconds`` is the
    app's own limit: 31 days for Flask, 14 for Starlette unless the app changes it.
    """

    cookie: CookieName
    secret: str | list[str]
    format: Format = "flask"
    salt: str | None = None
    user: FactPath
    session: FactPath | None = None
    label: FactPath | None = None
    email: FactPath | None = None
    max_age_seconds: Annotated[int, Meta(gt=0)] | None = None

    @property
    def credential_cookies(self) -> frozenset[bytes]:
        """Flask-Login's "remember me" logs in by itself, and names nobody here."""
        return frozenset({FLASK_LOGIN_REMEMBERS}) if self.format == "flask" else frozenset()

    @property
    def reads(self) -> Reads:
        return Reads(cookies=frozenset({self.cookie.encode()}))


class SignedCookie:
    """Reads Flask's or Starlette's session cookie, or any that a URLSafeTimedSerializer of itsdangerous wrote."""

    Options: ClassVar[type] = SignedCookieOptions
    pure = True

    def __init__(self, options: SignedCookieOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (signed_cookie)"
        if (options.format == "itsdangerous") != bool(options.salt):
            raise ConfigError(
                f'{where}: format = "itsdangerous" needs the salt that the app signs with'
                if options.format == "itsdangerous"
                else f'{where}: salt belongs to format = "itsdangerous"; {options.format} has its own'
            )
        age = options.max_age_seconds or DEFAULT_AGE_SECONDS.get(options.format)
        if age is None:
            raise ConfigError(f'{where}: format = "itsdangerous" needs max_age_seconds, as the app checks it')
        references = [options.secret] if isinstance(options.secret, str) else options.secret
        if not references:
            raise ConfigError(f"{where}: secret is empty; name at least one env: or file: reference")
        secrets = [read_secret(reference, context.folder, where) for reference in references]
        self.reads = options.reads
        self._options = options
        self._cookie = options.cookie.encode()
        self._values = SignedValues(options.format, secrets, options.salt or "")
        self._max_age_seconds = age

    def resolve(self, request: Request) -> Flow[Identity]:
        return at_once(self._read(request))

    def _read(self, request: Request) -> Identity:
        sent = request.cookies().get(self._cookie, [])
        if not sent:
            return Anonymous()
        if len(sent) > 1:
            return Unknown("the cookie came twice")
        signed = self._values.read(sent[0])
        if signed is None or not -CLOCK_SKEW_SECONDS <= request.now - signed.signed_at <= self._max_age_seconds:
            return Anonymous(unread=frozenset({self._cookie}))
        return self._who(signed.facts, expires=signed.signed_at + self._max_age_seconds)

    def _who(self, facts: dict[str, Any], expires: int) -> Identity:
        options = self._options
        try:
            named = fact(facts, options.user)
            if named is None:
                return Anonymous()
            user = user_id(named)
            session = None if options.session is None else _session(fact(facts, options.session))
        except ValueError as error:
            return Unknown(f"the signed session is odd: {error}")
        return Login(
            user, session, text_for_people(facts, options.label), text_for_people(facts, options.email), expires
        )


def _session(value: object) -> str:
    """The session as a string. There must be one: without it the next log-in would look like this one."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(
            "it names a user and no session" if value in (None, "") else f"a {type(value).__name__} as session"
        )
    return str(value)
