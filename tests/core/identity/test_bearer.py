from __future__ import annotations

import msgspec
import pytest

from core.identity import portal_functions
from core.identity.asking import context, options, request, resolve
from core.identity.portal_functions import DirectoryDown
from twofa_middleware.asks import Call
from twofa_middleware.errors import ConfigError
from twofa_middleware.identity.bearer import Bearer
from twofa_middleware.protocol import Anonymous, Identity, IdentityResolver, Login, Reads, Unknown

FUNCTION = "core.identity.portal_functions:user_of_token"
UNREAD = Anonymous(unread=frozenset({b"authorization"}))


def bearer(**given: object) -> IdentityResolver:
    return Bearer(options(Bearer, **{"callable": FUNCTION, **given}), context())


def sent(value: bytes, **given: object) -> Identity:
    return resolve(bearer(**given), request((b"authorization", value)))


def test_a_token_that_the_function_knows_is_a_login() -> None:
    assert sent(b"Bearer abc.DEF-123_~+/==") == Login("7")
    assert sent(b"bearer ada") == sent(b"BEARER ada") == Login("ada")
    assert sent(b"Bearer whole") == Login("7", "s1", "Ada", "ada@example.com")


def test_the_function_is_asked_for_and_never_called_by_the_resolver() -> None:
    flow = bearer().resolve(request((b"authorization", b"Bearer ada")))
    assert next(flow) == Call(portal_functions.user_of_token, ("ada",))


def test_a_token_that_nobody_has_is_read_so_that_the_app_gives_its_own_401() -> None:
    assert sent(b"Bearer forged") == Anonymous()


def test_no_header_is_nobody() -> None:
    assert resolve(bearer(), request()) == Anonymous()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"ada",
        b"Basic ada",
        b"Bearer",
        b"Bearer ",
        b"Bearer  ada",
        b"Bearer\tada",
        b" Bearer ada",
        b"Bearer ada ",
        b"Bearer ada, Bearer bea",
        b"Bearer ada bea",
        b'Bearer "ada"',
        b"Bearer a=da",
        b"Bearer ada\n",
        b"Bearer \xffada",
        b"Bearer:ada",
        b"Bearers ada",
    ],
)
def test_a025_another_scheme_or_a_malformed_token_is_unread(value: bytes) -> None:
    assert sent(value) == UNREAD


def test_a025_two_headers_are_unread() -> None:
    asked = request((b"authorization", b"Bearer ada"), (b"authorization", b"Bearer ada"))
    assert resolve(bearer(), asked) == UNREAD


def test_another_word_for_bearer_can_be_configured() -> None:
    assert sent(b"token ada", scheme="Token") == Login("ada")
    assert sent(b"Bearer ada", scheme="Token") == UNREAD
    with pytest.raises(msgspec.ValidationError, match="scheme"):
        bearer(scheme="To ken")


@pytest.mark.parametrize("token", [b"bool", b"float", b"spaced", b"list"])
def test_a027_an_answer_that_is_no_user_is_unknown_and_not_repeated(token: bytes) -> None:
    found = sent(b"Bearer " + token)
    assert isinstance(found, Unknown)
    assert "ada" not in found.reason


def test_a020_what_the_function_raises_is_not_swallowed() -> None:
    with pytest.raises(DirectoryDown):
        sent(b"Bearer down")


def test_an_async_function_needs_asgi() -> None:
    given = options(Bearer, callable=FUNCTION + "_async")
    assert Bearer(given, context(asynchronous=True)).reads == Reads(headers=frozenset({b"authorization"}))
    with pytest.raises(ConfigError, match=r"\[apps.produce\] identity \(bearer\).*async"):
        Bearer(given, context(asynchronous=False))


def test_it_depends_on_more_than_the_request() -> None:
    assert not bearer().pure
