from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.identity import portal_functions
from core.identity.asking import context, options, request, resolve
from twofa_middleware.asks import Call
from twofa_middleware.errors import ConfigError
from twofa_middleware.identity.callable import CallableResolver
from twofa_middleware.protocol import Anonymous, IdentityResolver, Login, Reads, Unknown

FUNCTION = "core.identity.portal_functions:who"


def resolver(asynchronous: bool = False, **given: Any) -> IdentityResolver:
    made = options(CallableResolver, **{"callable": FUNCTION, "headers": ["X-Portal-User"], **given})
    return CallableResolver(made, context(asynchronous=asynchronous))


def test_the_function_gets_the_request_and_names_the_user() -> None:
    asked = request((b"x-portal-user", b"whole"))
    assert next(resolver().resolve(asked)) == Call(portal_functions.who, (asked,))
    assert resolve(resolver(), asked) == Login("7", "s1", "Ada", "ada@example.com")
    assert resolve(resolver(), request((b"x-portal-user", b"ada"))) == Login("ada")
    assert resolve(resolver(), request()) == Anonymous()


@pytest.mark.parametrize("value", [b"bool", b"float", b"spaced", b"list"])
def test_a027_an_answer_that_is_no_user_is_unknown(value: bytes) -> None:
    assert isinstance(resolve(resolver(), request((b"x-portal-user", value))), Unknown)


def test_it_reads_what_the_operator_declares() -> None:
    made = resolver(cookies=["portal"], server=["REMOTE_ADDR"], pure=True)
    assert made.reads == Reads(frozenset({b"portal"}), frozenset({b"x-portal-user"}), frozenset({"REMOTE_ADDR"}))
    assert made.pure
    assert not resolver().pure


def test_a_pure_function_that_reads_nothing_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="on what the answer depends"):
        resolver(pure=True, headers=[])


def test_all_cookies_at_once_cannot_be_declared_as_a_header() -> None:
    with pytest.raises(ConfigError, match="under cookies"):
        resolver(headers=["Cookie"])


@pytest.mark.parametrize("given", [{"cookies": ["a b"]}, {"headers": ["x:y"]}, {"headers": [""]}])
def test_names_that_no_request_can_hold_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(given))):
        resolver(**given)


def test_an_async_function_needs_asgi() -> None:
    function = "core.identity.portal_functions:user_of_token_async"
    assert isinstance(resolver(asynchronous=True, callable=function), CallableResolver)
    with pytest.raises(ConfigError, match=r"identity \(callable\).*async"):
        resolver(asynchronous=False, callable=function)
