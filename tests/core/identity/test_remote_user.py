from __future__ import annotations

import msgspec
import pytest

from core.identity.asking import context, options, request, resolve
from twofa_middleware.errors import ConfigError
from twofa_middleware.identity.remote_user import RemoteUser
from twofa_middleware.protocol import Anonymous, IdentityResolver, Login, Reads, Unknown


def remote_user(asynchronous: bool = False, **given: object) -> IdentityResolver:
    return RemoteUser(options(RemoteUser, **given), context(asynchronous=asynchronous))


def test_the_servers_variable_names_the_user() -> None:
    assert resolve(remote_user(), request(server={"REMOTE_USER": "ada"})) == Login("ada")
    assert resolve(remote_user(variable="SSL_CLIENT_S_DN_CN"), request(server={"SSL_CLIENT_S_DN_CN": "ada"})) == Login(
        "ada"
    )


@pytest.mark.parametrize("server", [{}, {"REMOTE_USER": None}, {"REMOTE_USER": ""}])
def test_without_the_variable_it_is_nobody(server: dict[str, object]) -> None:
    assert resolve(remote_user(), request(server=server)) == Anonymous()


@pytest.mark.parametrize("value", [" ada", "ada\n", "a" * 256, b"ada", True, 7.5, ["ada"], "\x00", "A\u030a"])
def test_a025_an_odd_variable_is_unknown(value: object) -> None:
    for asynchronous in (False, True):
        assert isinstance(resolve(remote_user(asynchronous), request(server={"REMOTE_USER": value})), Unknown)


def test_a025_bytes_in_disguise_are_unknown_under_wsgi_and_names_under_asgi() -> None:
    asked = request(server={"REMOTE_USER": "J\xc3\xb6rg".encode("latin-1").decode()})
    assert isinstance(resolve(remote_user(), asked), Unknown)
    assert resolve(remote_user(asynchronous=True), asked) == Login("J\xf6rg")


def test_a023_no_header_sets_the_user() -> None:
    asked = request(
        (b"remote-user", b"admin"),
        (b"remote_user", b"admin"),
        (b"x-remote-user", b"admin"),
        server={"HTTP_REMOTE_USER": "admin", "HTTP_X_REMOTE_USER": "admin"},
    )
    assert resolve(remote_user(), asked) == Anonymous()


@pytest.mark.parametrize(
    "variable",
    ["HTTP_REMOTE_USER", "HTTP_X_FORWARDED_USER", "http_x", "QUERY_STRING", "PATH_INFO", "path", "method", ""],
)
def test_a023_a_variable_that_clients_write_stops_the_start(variable: str) -> None:
    with pytest.raises(ConfigError, match="any client can send"):
        remote_user(variable=variable)


def test_it_reads_the_variable_and_nothing_else() -> None:
    assert options(RemoteUser, variable="USER").reads == Reads(server=frozenset({"USER"}))
    assert remote_user().reads == Reads(server=frozenset({"REMOTE_USER"}))
    assert remote_user().pure


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="header"):
        options(RemoteUser, header="X-User")
