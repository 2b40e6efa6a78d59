from __future__ import annotations

from typing import Any

import msgspec
import pytest

from twofa_middleware.drive import drive
from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Request
from twofa_middleware.protocol import Anonymous, Ask, Login, PluginContext
from twofa_middleware.roles.header import HeaderRoles

GROUPS = b"x-groups"


def roles(**given: object) -> HeaderRoles:
    made: Any = msgspec.convert({"header": "X-Groups", "peers": ["10.0.0.7"]} | given, HeaderRoles.Options)
    return HeaderRoles(made, PluginContext("demo", "produce", None, asynchronous=True))  # type: ignore[arg-type]


def request(*values: bytes, client: object = ("10.0.0.7", 4711), **server: object) -> Request:
    headers = tuple((GROUPS, value) for value in values)
    return Request("http", "GET", "", "/", b"/", b"", headers, server or {"type": "http", "client": client}, 0)


def answer(ask: Ask[Any]) -> Any:
    raise AssertionError(f"roles asked {ask}")


def told(resolver: HeaderRoles, asked: Request) -> frozenset[str]:
    return drive(resolver.roles_of(Login("ada"), asked), answer)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"Approver", {"Approver"}),
        (b"Approver, End User ,,x", {"Approver", "End User", "x"}),
        ("Prüfer".encode(), {"Prüfer"}),
        (b"", set()),
        (b" , ", set()),
    ],
)
def test_the_header_lists_roles(value: bytes, names: set[str]) -> None:
    assert told(roles(), request(value)) == names


def test_the_separator_can_be_another() -> None:
    assert told(roles(separator="|"), request(b"a,b|c")) == {"a,b", "c"}


def test_groups_lead_to_roles() -> None:
    assert told(roles(groups={"Managers": ["Approver"]}), request(b"Managers")) == {"Managers", "Approver"}


def test_a020_a_header_that_is_missing_is_not_no_role() -> None:
    with pytest.raises(LookupError, match='missing = "none"'):
        told(roles(), request())
    assert told(roles(missing="none"), request()) == frozenset()


@pytest.mark.parametrize("client", [("10.9.9.9", 4711), None, ("10.0.0.7", 0)])
@pytest.mark.parametrize("values", [(), (b"Harmless",)])
def test_a023_another_peer_says_nothing_of_roles_not_even_that_there_are_none(client: object, values: Any) -> None:
    with pytest.raises(LookupError):
        told(roles(missing="none"), request(*values, client=client))


@pytest.mark.parametrize("values", [(b"a", b"b"), (b"\xff",), (b"a\x00",)])
def test_a025_what_can_be_read_in_two_ways_is_refused(values: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="X-Groups"):
        told(roles(), request(*values))


def test_a024_where_a_server_may_have_folded_names_it_is_refused() -> None:
    by = {"REMOTE_ADDR": "10.0.0.7", "SERVER_SOFTWARE": "Granian"}
    with pytest.raises(ValueError, match='with "_"'):
        told(roles(), request(b"a", **by))
    assert told(roles(server_drops_underscores=True), request(b"a", **by)) == {"a"}


def test_the_guard_keeps_the_header_of_others_from_the_app_and_finds_nobody() -> None:
    guard = roles().guard
    assert (guard.reads.headers, guard.reads.peer) == ({GROUPS}, True)
    for asked, unread in ((request(b"a"), set()), (request(b"a", client=("10.9.9.9", 1)), {GROUPS})):
        assert drive(guard.resolve(asked), answer) == Anonymous(frozenset(unread))


@pytest.mark.parametrize("given", [{"peers": []}, {"peers": ["proxy"]}, {"header": "Cookie"}])
def test_what_cannot_be_used_stops_the_start(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"roles \(header\)"):
        roles(**given)


@pytest.mark.parametrize("given", [{"header": "X_Groups"}, {"separator": ", "}, {"separator": ""}, {"missing": "all"}])
def test_odd_options_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        roles(**given)
