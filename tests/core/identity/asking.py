"""Requests as servers hand them over, an answerer for the operator's functions, and cookies as real apps sign them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from twofa_middleware.asks import Call
from twofa_middleware.drive import drive
from twofa_middleware.http import Request
from twofa_middleware.identify import Identified, identify
from twofa_middleware.identity.signed_cookie import SignedCookie, SignedCookieOptions
from twofa_middleware.protocol import Ask, Flow, Identity, IdentityResolver, PluginContext

NOW = 1_800_000_000
SECRET = "the app's own secret"
Result = TypeVar("Result")


def request(*headers: tuple[bytes, bytes], server: Mapping[str, Any] | None = None, now: int = NOW) -> Request:
    return Request("http", "GET", "", "/", b"/", b"", headers, server or {}, now)


def with_cookie(line: bytes, now: int = NOW) -> Request:
    return request((b"cookie", line), now=now)


def answer(ask: Ask[Any]) -> Any:
    assert isinstance(ask, Call), f"a resolver asked {ask}"
    return ask.function(*ask.arguments)


def run(flow: Flow[Result]) -> Result:
    return drive(flow, answer)


def resolve(resolver: IdentityResolver, asked: Request) -> Identity:
    return run(resolver.resolve(asked))


def identified(
    asked: Request,
    *resolvers: IdentityResolver,
    credential_cookies: frozenset[bytes] = frozenset(),
    foreign_cookies: frozenset[bytes] = frozenset(),
) -> Identified:
    named = [(f"resolver {number}", resolver) for number, resolver in enumerate(resolvers, 1)]
    return run(
        identify(named, asked, credential_cookies=credential_cookies, foreign_cookies=foreign_cookies),
    )


def context(folder: Path = Path("/"), asynchronous: bool = False) -> PluginContext:
    return PluginContext("demo", "produce", folder, asynchronous)


def options(of: type[IdentityResolver], **given: object) -> Any:
    """The options as the settings make them: converted, and so checked."""
    return msgspec.convert(given, of.Options)


# ---- signed cookies -------------------------------------------------------------------------------------------------


def signer_at(now: int) -> type[TimestampSigner]:
    """itsdangerous' own signer, for an app whose clock shows this time."""

    class SignerAt(TimestampSigner):
        def get_timestamp(self) -> int:
            return now

    return SignerAt


def flask_cookie(session: object, at: int = NOW, secret: str = SECRET) -> bytes:
    """A session as Flask 3.1 writes it; values beyond JSON come tagged already."""
    as_flask = {"key_derivation": "hmac", "digest_method": sha1}
    serializer = URLSafeTimedSerializer(secret, salt="cookie-session", signer=signer_at(at), signer_kwargs=as_flask)
    return str(serializer.dumps(session)).encode()


def starlette_cookie(session: object, at: int = NOW, secret: str = SECRET) -> bytes:
    """A session as Starlette 1.x writes it."""
    return signer_at(at)(secret).sign(b64encode(json.dumps(session).encode()))


def own_cookie(session: object, at: int = NOW, secret: str = SECRET, salt: str = "produce-session") -> bytes:
    """A cookie that an app signs by itself."""
    return str(URLSafeTimedSerializer(secret, salt=salt, signer=signer_at(at)).dumps(session)).encode()


def signed_cookie(folder: Path, secret: str = SECRET, **given: object) -> SignedCookie:
    """A resolver for the cookie ``session``, with its secret in a file."""
    file = folder / "secret"
    file.touch(mode=0o600)
    file.write_text(secret + "\n")
    made: SignedCookieOptions = options(
        SignedCookie, **{"cookie": "session", "secret": "file:secret", "user": "user_id"} | given
    )
    return SignedCookie(made, context(folder))
