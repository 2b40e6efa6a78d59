from __future__ import annotations

from typing import Any

import pytest

from core.identity.asking import NOW, context, identified, options, request, resolve
from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Headers, Request
from twofa_middleware.identify import Conflicting, Known, Nobody
from twofa_middleware.identity.header import Header
from twofa_middleware.protocol import Anonymous, Identity, IdentityResolver, Login, Reads, Unknown

PROXY = "10.0.0.7"
USER = b"x-remote-user"
NONE: frozenset[bytes] = frozenset()


def header(**given: object) -> IdentityResolver:
    return Header(options(Header, **{"header": "X-Remote-User", "peers": [PROXY, "10.1.0.0/16"]} | given), context())


def scope(client: object, server: object = ("127.0.0.1", 8000)) -> dict[str, Any]:
    return {"type": "http", "client": client, "server": server}


def environ(address: str | None, **more: object) -> dict[str, Any]:
    return {"SERVER_SOFTWARE": "gunicorn/27.0.1"} | ({} if address is None else {"REMOTE_ADDR": address}) | more


def sent(*headers: tuple[bytes, bytes], by: dict[str, Any]) -> Request:
    return request(*headers, server=by)


def who(by: dict[str, Any], *more: tuple[bytes, bytes], resolver: IdentityResolver | None = None) -> Identity:
    return resolve(resolver or header(), sent((USER, b"ada"), *more, by=by))


# ---- who is believed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PROXY, "10.1.0.1", "10.1.255.9", "::ffff:10.0.0.7", "::ffff:a00:7"])
def test_a_listed_peer_is_believed(address: str) -> None:
    assert who(scope((address, 4711))) == Login("ada")
    assert who(scope([address, "4711"])) == Login("ada")
    assert who(environ(address)) == Login("ada")


def test_a_listed_peer_with_a_longer_address_is_believed_however_it_is_written() -> None:
    v6 = header(peers=["2001:db8::7", "fd00::/8"])
    for address in ("2001:db8:0:0::7", "2001:DB8::7", "fd12::1"):
        assert who(scope((address, 4711)), resolver=v6) == Login("ada")
    assert who(scope(("2001:db8::8", 4711)), resolver=v6) == Anonymous(frozenset({USER}))


@pytest.mark.parametrize(
    "address", ["10.0.0.8", "10.2.0.1", "127.0.0.1", "::1", "localhost", "proxy", "10.0.0.7, 10.0.0.7", "10.0.0.07"]
)
def test_a023_a_header_of_anybody_else_is_unread_and_does_not_reach_the_app(address: str) -> None:
    for by in (scope((address, 4711)), environ(address)):
        assert who(by) == Anonymous(frozenset({USER}))
        assert identified(sent((USER, b"ada"), by=by), header()) == Nobody(NONE, frozenset({USER}))


def test_a023_nor_do_the_headers_beside_it() -> None:
    resolver = header(session="X-Session", label="X-Name", email="X-Mail")
    more = ((b"x-session", b"s"), (b"x-name", b"n"), (b"x-mail", b"m"), (b"x-other", b"o"))
    found = identified(sent(*more, by=scope(("10.9.9.9", 4711))), resolver)
    assert found == Nobody(NONE, frozenset({b"x-session", b"x-name", b"x-mail"}))


def test_without_the_header_it_is_nobody_whoever_asks() -> None:
    for by in (scope((PROXY, 4711)), scope(("10.9.9.9", 4711)), scope((PROXY, 0)), scope(None), environ(PROXY)):
        assert resolve(header(), sent(by=by)) == Anonymous()


UNIX: list[dict[str, Any]] = [
    scope(None, ("/run/app.sock", None)),  # uvicorn
    scope(None, None),  # hypercorn, daphne
    scope(None, ("/", "t")),  # gunicorn
    scope(["", "0"], ["/run/app.sock", "0"]),  # granian
    environ(""),  # gunicorn, granian
    environ(None),
    environ("", REMOTE_PORT=""),  # cheroot
    environ("localhost", REMOTE_PORT="None"),  # waitress
    environ("<local>", REMOTE_PORT=0),  # werkzeug
]


@pytest.mark.parametrize("by", UNIX, ids=repr)
def test_a023_a_peer_without_address_is_believed_only_where_unix_is_listed(by: dict[str, Any]) -> None:
    assert who(by) == Anonymous(frozenset({USER}))
    assert who(by, resolver=header(peers=["unix:"])) == Login("ada")


def test_a023_a_client_that_is_gone_already_is_no_unix_socket() -> None:
    gone = scope(None, ("127.0.0.1", 8000))
    assert who(gone, resolver=header(peers=["unix:"])) == Anonymous(frozenset({USER}))
    waitress = environ("localhost", REMOTE_PORT="4711")  # what X-Forwarded-For may have said to it
    assert who(waitress, resolver=header(peers=["unix:"])) == Anonymous(frozenset({USER}))


@pytest.mark.parametrize(
    "name", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"via"]
)
def test_a023_no_header_makes_somebody_a_listed_peer(name: bytes) -> None:
    for by in (scope(("10.9.9.9", 4711)), environ("10.9.9.9")):
        assert who(by, (name, b"10.0.0.7")) == Anonymous(frozenset({USER}))


def test_a032_from_inside_the_network_one_is_a_login_like_any_other() -> None:
    assert who(scope(("10.1.2.3", 4711)), (b"x-forwarded-for", b"192.0.2.1")) == Login("ada")


@pytest.mark.parametrize(
    ("by", "claim"),
    [
        (scope((PROXY, 0)), b"x"),  # uvicorn, hypercorn's ProxyFix, granian's wrapper
        (scope([PROXY, "0"]), b"x"),
        (scope((PROXY, 4711)), b"10.0.0.7:4711"),  # uvicorn takes the port over, too
        (environ(PROXY), b"10.0.0.7"),  # waitress' trusted_proxy, granian's wrapper
        (environ(PROXY), b"192.0.2.1, 10.0.0.7 , 192.0.2.9"),
        (environ(PROXY), b'for="10.0.0.7:81";proto=https'),
        (environ(PROXY), b"for=[::ffff:10.0.0.7]"),
        (environ(PROXY), b'For="[::ffff:10.0.0.7]:4711"'),
    ],
)
def test_a023_an_address_that_a_header_may_have_made_up_is_unknown(by: dict[str, Any], claim: bytes) -> None:
    for name in (b"x-forwarded-for", b"forwarded"):
        found = who(by, (name, claim))
        assert isinstance(found, Unknown)
        assert "--no-proxy-headers" in found.reason


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded"])
def test_a023_of_more_claims_than_are_looked_at_one_may_be_the_peer_s(name: bytes) -> None:
    """64 KB of them would take a sixth of a second to read."""
    by = environ("10.0.0.7")
    assert isinstance(who(by, (name, b", ".join([b"192.0.2.1"] * 200))), Login)
    assert isinstance(who(by, (name, b", ".join([b"192.0.2.1"] * 201))), Unknown)
    assert isinstance(who(by, (b"x-forwarded-for", b"a " * 150), (b"forwarded", b"for=a;" * 50)), Unknown)


def test_a023_behind_werkzeug_s_proxy_fix_the_address_before_it_counts() -> None:
    fixed = environ(PROXY, **{"werkzeug.proxy_fix.orig": {"REMOTE_ADDR": "10.9.9.9"}})
    assert who(fixed, (b"x-forwarded-for", b"10.0.0.7")) == Anonymous(frozenset({USER}))
    other = environ("192.0.2.1", **{"werkzeug.proxy_fix.orig": {"REMOTE_ADDR": PROXY}})
    assert who(other, (b"x-forwarded-for", b"192.0.2.1")) == Login("ada")


# ---- what can be read in two ways -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b" ", b" ada", b"ada ", b"a\tb", b"a\r\n b", b"\x00"),
        *(b"ada,bea", b"ada, ada", b",", b"J\xc3\xb6rg", b"\xff", b"a" * 256, b"(null)"),
    ],
)
def test_a025_an_odd_value_is_unknown(value: bytes) -> None:
    for by in (scope((PROXY, 4711)), environ(PROXY)):
        assert isinstance(resolve(header(), sent((USER, value), by=by)), Unknown)


def test_a025_twice_is_a_conflict() -> None:
    twice: Headers = ((USER, b"ada"), (USER, b"ada"))
    assert isinstance(resolve(header(), sent(*twice, by=scope((PROXY, 4711)))), Unknown)
    for by in (scope((PROXY, 4711)), scope(("10.9.9.9", 4711))):
        assert isinstance(identified(sent(*twice, by=by), header()), Conflicting)


@pytest.mark.parametrize("twin", [b"x_remote_user", b"x-remote_user", b"x_remote-user"])
def test_a024_a_twin_with_underscores_is_a_conflict_whoever_sends_it(twin: bytes) -> None:
    for by in (scope((PROXY, 4711)), scope(("10.9.9.9", 4711))):
        assert isinstance(identified(sent((twin, b"ada"), by=by), header()), Conflicting)
        assert isinstance(identified(sent((USER, b"ada"), (twin, b"bea"), by=by), header()), Conflicting)


@pytest.mark.parametrize("software", ["gunicorn/22.0.0", "gunicorn/27.0.1", "waitress", "Werkzeug/3.1.9", "Apache/2.4"])
def test_a024_servers_that_drop_underscores_are_believed(software: str) -> None:
    assert who(environ(PROXY, SERVER_SOFTWARE=software)) == Login("ada")


@pytest.mark.parametrize(
    "software",
    ["", None, "Granian", "Cheroot/11.1.2 Server", "WSGIServer/0.2", "gunicorn/21.2.0", "uwsgi", "my waitress"],
)
def test_a024_where_a_server_may_have_folded_names_nobody_can_be_told(software: str | None) -> None:
    by = environ(PROXY, SERVER_SOFTWARE=software)
    found = who(by)
    assert isinstance(found, Unknown)
    assert "server_drops_underscores" in found.reason
    assert who(by, resolver=header(server_drops_underscores=True)) == Login("ada")
    no_twin = header(header="Remoteuser")
    assert resolve(no_twin, sent((b"remoteuser", b"ada"), by=by)) == Login("ada")


# ---- session, label, email ------------------------------------------------------------------------------------------


def test_further_headers_tell_session_label_and_address() -> None:
    resolver = header(session="X-Session", label="X-Name", email="X-Mail")
    by = scope((PROXY, 4711))
    more = ((b"x-session", b"s1"), (b"x-name", "Ada Lóvelace".encode()), (b"x-mail", b"ada@example.org"))
    assert who(by, *more, resolver=resolver) == Login("ada", "s1", "Ada Lóvelace", "ada@example.org")
    assert who(by, (b"x-session", b"s1"), (b"x-name", b"\xff"), resolver=resolver) == Login("ada", "s1")
    assert who(by, (b"x-session", b"s1"), (b"x-name", b"a\x07"), resolver=resolver) == Login("ada", "s1")


@pytest.mark.parametrize("session", [None, b"", b"a,b", b"\xff"])
def test_a_user_without_the_session_that_was_promised_is_unknown(session: bytes | None) -> None:
    more = () if session is None else ((b"x-session", session),)
    assert isinstance(who(scope((PROXY, 4711)), *more, resolver=header(session="X-Session")), Unknown)


def test_a_session_without_a_user_is_nobody() -> None:
    asked = sent((b"x-session", b"s1"), by=scope((PROXY, 4711)))
    assert identified(asked, header(session="X-Session")) == Nobody(NONE)


# ---- the settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "peers", [[], ["proxy"], ["10.1.0.1/16"], ["10.0.0"], ["0.0.0.0/0"], ["::/0"], ["unix:/run/x"]]
)
def test_a023_peers_that_name_nobody_or_everybody_stop_the_start(peers: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"\[apps.produce\] identity \(header\): peers"):
        header(peers=peers)


@pytest.mark.parametrize("name", ["Authorization", "cookie", "Host", "X-Forwarded-For", "Content-Type"])
def test_a023_a_header_that_any_client_sends_stops_the_start(name: str) -> None:
    with pytest.raises(ConfigError, match="any client can send"):
        header(header=name)


def test_a_header_with_underscores_or_named_twice_stops_the_start() -> None:
    with pytest.raises(ConfigError, match='with "-"'):
        header(header="X_Remote_User")
    with pytest.raises(ConfigError, match="different headers"):
        header(label="x-remote-USER")


def test_it_reads_its_headers_and_the_peer() -> None:
    reads = options(Header, header="X-User", peers=["unix:"], label="X-Name").reads
    assert reads == Reads(headers=frozenset({b"x-user", b"x-name"}), peer=True)
    assert header().pure


def test_a_listed_peer_and_another_resolver_agree_or_conflict() -> None:
    asked = sent((USER, b"ada"), by=scope((PROXY, 4711)))
    assert identified(asked, header()) == Known(Login("ada"), "resolver 1", NONE)
    assert asked.now == NOW
