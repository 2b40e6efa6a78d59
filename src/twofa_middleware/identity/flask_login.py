"""``flask_login``: Flask's session as Flask-Login keeps it, and its "remember me", by the app's own secret.

    { use = "flask_login", secret = "env:SECRET_KEY" }

Who it is, as Flask-Login 0.6 tells it from both cookies:

| session | remember-me token | the app sees | here |
| --- | --- | --- | --- |
| names A | none, unsigned, or of A | A | A; an unsigned token is nobody's and names nobody |
| names A | of B | A, or B if A is no user any more | cannot be told |
| names nobody, or none came | of A | A, and puts A into the session | A |
| names nobody, ``_remember`` is "clear" | of A | nobody | nobody |
| signed, but too old | of A | A | A, unless the session names somebody else: cannot be told |
| not signed by the secrets | any | A | nobody: both are *unread*, so that the app sees nobody either |

``_id`` is the session: there after a log-in with the password, absent after one by the token. It is made of address and
browser, so it does not tell one log-in from the next: the app's ``login`` and ``logout`` rules do, and the cookies. Under
``session_protection = "strong"`` the app also takes a session of another address for nobody's: then we ask for a code and
the app for a log-in. Whether a log-in is ``_fresh`` stays between the app and its user.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from ..references import read_secret
from .answers import CookieName, at_once, unquoted
from .facts import FactPath, text_for_people
from .signed_cookie import CLOCK_SKEW_SECONDS, DEFAULT_AGE_SECONDS, FLASK_LOGIN_REMEMBERS
from .signed_values import Signed, SignedValues

CookieNameOrNone = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]*\Z", description="a token, or nothing")]

USER, SESSION, REMEMBERS = "_user_id", "_id", "_remember"


class FlaskLoginOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``secret``: one reference or several (SECRET_KEY and SECRET_KEY_FALLBACKS). ``cookie`` and ``remember_cookie`` are
    the app's SESSION_COOKIE_NAME and REMEMBER_COOKIE_NAME; an empty ``remember_cookie``: the app remembers nobody.

    ``label`` and ``email`` are dotted paths into the session. ``max_age_seconds``: PERMANENT_SESSION_LIFETIME.
    """

    secret: str | list[str]
    cookie: CookieName = "session"
    remember_cookie: CookieNameOrNone = FLASK_LOGIN_REMEMBERS.decode()
    label: FactPath | None = None
    email: FactPath | None = None
    max_age_seconds: Annotated[int, Meta(gt=0)] = DEFAULT_AGE_SECONDS["flask"]

    @property
    def credential_cookies(self) -> frozenset[bytes]:
        """An app that is said to remember nobody gets no token."""
        return frozenset() if self.remember_cookie else frozenset({FLASK_LOGIN_REMEMBERS})

    @property
    def reads(self) -> Reads:
        return Reads(cookies=frozenset(name.encode() for name in (self.cookie, self.remember_cookie) if name))


class FlaskLogin:
    """Reads what Flask-Login has put into Flask's session, and its remember-me token."""

    Options: ClassVar[type] = FlaskLoginOptions
    pure = True
    shows_session = False

    def __init__(self, options: FlaskLoginOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (flask_login)"
        references = [options.secret] if isinstance(options.secret, str) else options.secret
        if not references:
            raise ConfigError(f"{where}: secret is empty; name at least one env: or file: reference")
        if options.cookie == options.remember_cookie:
            raise ConfigError(f"{where}: cookie and remember_cookie are two cookies")
        secrets = [read_secret(reference, context.folder, where) for reference in references]
        try:
            self._keys = [secret.encode("latin-1") for secret in secrets]  # as Flask-Login does
        except UnicodeEncodeError:
            raise ConfigError(
                f"{where}: secret has letters beyond Latin-1, with which Flask-Login cannot sign"
            ) from None
        self.reads = options.reads
        self._options = options
        self._session, self._remember = options.cookie.encode(), options.remember_cookie.encode()
        self._values = SignedValues("flask", secrets, "")

    def resolve(self, request: Request) -> Flow[Identity]:
        return at_once(self._read(request))

    def _read(self, request: Request) -> Identity:
        cookies = request.cookies()
        sessions, tokens = cookies.get(self._session, []), cookies.get(self._remember, []) if self._remember else []
        if len(sessions) > 1 or len(tokens) > 1:
            return Unknown("a cookie came twice")
        signed = self._values.read(sessions[0]) if sessions else None
        if sessions and (signed is None or request.now - signed.signed_at < -CLOCK_SKEW_SECONDS):
            # The app may know a secret that we do not: then the session would be somebody's, and go before the token.
            return Anonymous(unread=self.reads.cookies)
        try:
            remembered = self._remembered(tokens[0]) if tokens else None
            named = _named(signed)
        except ValueError as error:
            return Unknown(f"the login is odd: {error}")
        if named and remembered and named != remembered:
            return Unknown("session and remember-me token name different users")
        if signed is None or request.now - signed.signed_at > self._options.max_age_seconds:
            return self._by_token(remembered, sessions, tokens)
        if named:
            return self._by_session(signed, named)
        if signed.facts.get(REMEMBERS) == "clear":
            return Anonymous()
        return self._by_token(remembered, [], tokens)

    def _by_session(self, signed: Signed, named: str) -> Identity:
        facts, session = signed.facts, signed.facts.get(SESSION)
        if session is not None and not isinstance(session, str):
            return Unknown(f"a {type(session).__name__} as {SESSION}")
        return Login(
            named,
            session or None,
            text_for_people(facts, self._options.label),
            text_for_people(facts, self._options.email),
            signed.signed_at + self._options.max_age_seconds,
        )

    def _by_token(self, remembered: str | None, sessions: list[bytes], tokens: list[bytes]) -> Identity:
        """A login by the token, which ends by no clock; else nobody's are the cookies that came and tell nothing."""
        if remembered:
            return Login(remembered)
        unread = {self._session} if sessions else set()
        return Anonymous(unread=frozenset(unread | ({self._remember} if tokens else set())))

    def _remembered(self, token: bytes) -> str | None:
        """Whom a token ``user|HMAC-SHA512`` names (flask_login.utils.encode_cookie), None for an unsigned one."""
        named, bar, digest = unquoted(token).rpartition(b"|")
        is_ours = [hmac.compare_digest(hmac.digest(key, named, "sha512").hex().encode(), digest) for key in self._keys]
        if not bar or not any(is_ours):
            return None
        try:
            return user_id(named.decode())
        except UnicodeDecodeError:
            return None


def _named(signed: Signed | None) -> str | None:
    named: Any = signed.facts.get(USER) if signed is not None else None
    return None if named is None else user_id(named)
