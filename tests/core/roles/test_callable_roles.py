from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from twofa_middleware.asks import Call
from twofa_middleware.drive import drive
from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Request
from twofa_middleware.protocol import Ask, Login, PluginContext, RolesResolver
from twofa_middleware.roles.callable import CallableRoles

REQUEST = Request("http", "GET", "", "/", b"/", b"", (), {}, 0)
ADA = Login("7", label="Ada")
ANSWERS: dict[str, Callable[[], Any]] = {
    "7": lambda: ["End User", "Managers"],
    "generator": lambda: (name for name in ("End User",)),
    "none": list,
    "None": lambda: None,
    "string": lambda: "Approver",
    "bytes": lambda: b"Approver",
    "ints": lambda: [1],
    "down": lambda: 1 // 0,
}


def roles_of(login: Login) -> Any:
    return ANSWERS[login.user]()


async def roles_of_async(login: Login) -> Any:
    return ANSWERS[login.user]()


def resolver(function: str = "roles_of", asynchronous: bool = False, **given: object) -> RolesResolver:
    options: Any = msgspec.convert({"callable": f"{__name__}:{function}", **given}, CallableRoles.Options)
    return CallableRoles(options, PluginContext("demo", "produce", Path("/"), asynchronous))


def answer(ask: Ask[Any]) -> Any:
    assert isinstance(ask, Call)
    return ask.function(*ask.arguments)


def roles(user: str, **given: object) -> frozenset[str]:
    return drive(resolver(**given).roles_of(Login(user), REQUEST), answer)  # type: ignore[arg-type]


def test_the_function_is_asked_for_with_the_login() -> None:
    assert next(resolver().roles_of(ADA, REQUEST)) == Call(roles_of, (ADA,))


def test_its_names_are_the_roles() -> None:
    assert roles("7") == {"End User", "Managers"}
    assert roles("generator") == {"End User"}
    assert roles("none") == frozenset()


def test_groups_lead_to_roles_and_keep_their_names() -> None:
    assert roles("7", groups={"Managers": ["Approver"]}) == {"End User", "Managers", "Approver"}


@pytest.mark.parametrize("user", ["None", "string", "bytes", "ints"])
def test_a020_an_answer_that_is_no_list_of_names_raises(user: str) -> None:
    with pytest.raises(TypeError):
        roles(user)


def test_a020_a_failure_is_never_no_role() -> None:
    with pytest.raises(ZeroDivisionError):
        roles("down")


def test_an_async_function_needs_asgi() -> None:
    assert isinstance(resolver("roles_of_async", asynchronous=True), CallableRoles)
    with pytest.raises(ConfigError, match=r"roles \(callable\).*async"):
        resolver("roles_of_async")
