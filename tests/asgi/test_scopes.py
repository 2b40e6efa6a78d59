"""A scope becomes a request, and what the app gets of it. Attacks 6, 9, 16 and 26."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.asgi_wire import App, Message, chunk, request, run, scope_of, start
from support.heads import CLEAN, SECRET, logs_in, raw
from support.realm import Realm, make_realm, session_cookie
from support.visitor import NAVIGATION
from twofa_middleware_asgi.middleware import UnsupportedScope
from twofa_middleware_asgi.translate import read_request

from .conftest import Behind

ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")
WENDY = ("Cookie", f"session={session_cookie('wendy')}")


def says(told: Callable[[Any], object]) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(raw(CLEAN)))
        await send(chunk(repr(told(scope)).encode()))

    return app


@pytest.mark.parametrize(
    ("given", "root", "path"),
    [
        ({"path": "/a", "root_path": ""}, "", "/a"),
        ({"path": "/mount/a", "root_path": "/mount"}, "/mount", "/a"),
        ({"path": "/a", "root_path": "/mount"}, "/mount", "/a"),
        ({"path": "/mount", "root_path": "/mount"}, "/mount", ""),
        ({"path": "/mounted/a", "root_path": "/mount"}, "/mount", "/mounted/a"),
        ({"path": "/mount/mount/a", "root_path": "/mount"}, "/mount", "/mount/a"),
        ({"path": "/ä/ö", "root_path": "/ä"}, "/ä", "/ö"),
    ],
)
def test_a009_the_path_is_what_lies_below_the_root_path_in_both_styles(
    given: dict[str, str], root: str, path: str
) -> None:
    made = read_request(scope_of(**given), 0)
    assert (made.root, made.path) == (root, path)


@pytest.mark.parametrize(
    "missing", ["root_path", "raw_path", "query_string", "http_version", "client", "server", "asgi"]
)
@pytest.mark.parametrize("path", ["/shop", "/2fa/account"])
def test_a_scope_without_an_optional_key_is_understood(missing: str, path: str, behind: Behind) -> None:
    scope = scope_of("GET", path)
    del scope[missing]
    wire = run(behind(says(lambda _: "here")), scope)
    assert (wire.error, wire.status) == (None, 200 if path == "/shop" else 403)


def test_extensions_may_be_none(behind: Behind) -> None:
    for kind in ("http", "websocket"):
        wire = run(behind(says(lambda _: "here")), scope_of("GET", "/shop", [ERIN], type=kind, extensions=None))
        assert (wire.error, len(wire.sent)) == (None, 2 if kind == "http" else 1)


@pytest.mark.parametrize(
    ("given", "exempt"),
    [
        ({"path": "/static/x", "raw_path": b"/static/x"}, True),
        ({"path": "/static/x", "raw_path": None}, True),
        ({"path": "/static/x", "raw_path": b"/static/%78"}, False),
        ({"path": "/static/../x"}, False),
        ({"path": "/static/x", "root_path": "/static"}, False),
        ({"path": "/mount/static/x", "root_path": "/mount", "raw_path": b"/mount/static/x"}, True),
        ({"path": "//static/x"}, False),
        ({"path": "*", "raw_path": b"*"}, False),
    ],
)
def test_a006_a009_only_the_plain_path_below_the_root_path_is_exempt(
    given: dict[str, Any], exempt: bool, behind: Behind
) -> None:
    wire = run(behind(says(lambda _: "here")), scope_of("GET", "/", [ERIN]) | given)
    assert (wire.body == b"'here'", wire.status) == (exempt, 200 if exempt else 403)


@pytest.mark.parametrize("style", ["with root", "without root"])
def test_a009_own_pages_lie_below_the_root_path_in_both_styles(style: str, behind: Behind) -> None:
    path = "/mount/2fa/verify" if style == "with root" else "/2fa/verify"
    wire = run(behind(says(lambda _: "here")), scope_of("GET", path, [ERIN, *NAVIGATION], root_path="/mount"))
    assert b'action="/mount/2fa/verify"' in wire.body


def test_the_app_gets_its_cookies_without_ours_also_where_they_come_in_several_headers(behind: Behind) -> None:
    headers = [WENDY, ("Cookie", "2fa-pass-test-shop=x"), ("X-Other", "1"), ("Cookie", "theme=dark")]
    wire = run(behind(says(lambda scope: sorted(scope["headers"]))), scope_of(headers=headers))
    cookie = f"{WENDY[1]}; theme=dark".encode("latin-1")
    assert wire.body.decode() == repr([(b"cookie", cookie), (b"x-other", b"1")])


def test_a_scope_of_which_nothing_is_taken_out_is_the_servers_own_object(behind: Behind) -> None:
    seen: list[object] = []
    extensions = {"http.response.pathsend": {}, "http.response.zerocopysend": {}, "tls": {"server_cert": ""}}
    scope = scope_of(headers=[WENDY, ("X-Odd", "\xe9")], extensions=extensions, state={"db": 1}, odd=object())
    before = dict(scope)
    run(behind(says(seen.append)), scope)
    assert (seen[0] is scope, scope) == (True, before)


def test_where_something_is_taken_out_all_else_stays_and_the_servers_scope_too(behind: Behind) -> None:
    seen: list[dict[str, Any]] = []
    scope = scope_of(headers=[("Cookie", "2fa-pass-test-shop=x")], state={"db": 1}, extensions={"tls": {}})
    before = dict(scope)
    run(behind(says(seen.append)), scope)
    assert seen[0] == before | {"headers": []}
    assert seen[0]["state"] is scope["state"]
    assert scope == before


def test_a026_what_the_app_writes_into_its_scope_is_not_believed_when_it_answers(behind: Behind, realm: Realm) -> None:
    identity = [realm.settings.app("shop").identity[0], {"use": "remote_user", "variable": "user"}]
    both = make_realm(realm.folder, shop={"identity": identity})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = "erin"  # as Starlette's AuthenticationMiddleware does
        await send(start(raw(logs_in("wendy"))))
        await send(chunk(SECRET))

    wire = run(behind(app, both), scope_of("POST", "/login"))
    assert (wire.status, wire.body) == (200, SECRET)


def test_the_app_cannot_change_of_what_kind_a_refusal_is(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.update(type="websocket", method="GET", http_version="2", headers=[])
        await send(start(raw(logs_in())))

    wire = run(behind(app), scope_of("HEAD", "/shop", [("Content-Length", "5")]))
    assert (wire.status, wire.body, wire.header(b"connection"), wire.faults) == (403, b"", b"close", [])


@pytest.mark.parametrize("headers", [[], [WENDY]], ids=["nobody", "wendy"])
@pytest.mark.parametrize("path", ["/form", "/static/x"])
def test_a026_a106_the_app_sees_no_header_that_the_server_adds_after_the_decision(
    path: str, headers: list[tuple[str, str]], behind: Behind
) -> None:
    """As uvicorn with httptools does with trailers: they come with the end of the body."""
    late = (b"cookie", ERIN[1].encode())
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.extend(scope["headers"])
        await send(start(raw(CLEAN)))
        await send(chunk(b""))

    async def server(scope: Any, receive: Any, send: Any) -> None:
        async def with_trailers() -> Any:
            theirs.append(late)
            return await receive()

        theirs = scope["headers"]
        await behind(app)(scope, with_trailers, send)

    wire = run(server, scope_of("POST", path, headers), request(b"a", b"b"))
    assert (wire.error, late in seen) == (None, False)


@pytest.mark.parametrize("kind", ["webtransport", "http3", "", "HTTP", "lifespan.startup"])
def test_a016_an_unknown_kind_of_connection_is_refused_and_reaches_nobody(kind: str, behind: Behind) -> None:
    called: list[object] = []

    async def app(*got: object) -> None:
        called.append(got)

    wire = run(behind(app), scope_of(type=kind), [{"type": "x"}])
    assert (type(wire.error), wire.sent, called) == (UnsupportedScope, [], [])


def test_lifespan_passes_with_its_state_and_its_errors(behind: Behind) -> None:
    seen: list[object] = []
    state: dict[str, object] = {}
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([scope, await receive()])
        scope["state"]["db"] = 1
        await send({"type": "lifespan.startup.complete"})
        raise ZeroDivisionError

    sent: list[Message] = []

    async def server(_: Any, receive: Any, send: Any) -> None:
        async def noted(message: Message) -> None:
            sent.append(message)

        async def starts() -> Message:
            return {"type": "lifespan.startup"}

        await behind(app)(scope, starts, noted)

    wire = run(server, scope_of())
    assert isinstance(wire.error, ZeroDivisionError)
    assert (seen[0] is scope, seen[1], state) == (True, {"type": "lifespan.startup"}, {"db": 1})
    assert sent == [{"type": "lifespan.startup.complete"}]


@pytest.mark.parametrize("headers", [[], [WENDY]], ids=["anonymous", "logged in"])
def test_a105_the_app_reads_the_body_as_the_server_gave_it(headers: list[tuple[str, str]], behind: Behind) -> None:
    incoming = [*request(b"a", b"", b"b"), {"type": "http.request"}, {"type": "http.disconnect"}]
    got: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(raw(CLEAN)))
        await send(chunk(b""))
        got.extend([await receive() for _ in incoming])

    assert run(behind(app), scope_of("POST", "/form", headers), incoming).error is None
    assert all(one is other for one, other in zip(got, incoming, strict=True))


@pytest.mark.parametrize("path", ["/shop", "/login", "/2fa/account", "/2fa/nothing", "/2fa/static/pages.css"])
def test_a105_a106_nothing_is_read_of_a_body_that_is_not_for_us(path: str, behind: Behind) -> None:
    reads: list[object] = []

    async def server(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            reads.append(1)
            return await receive()

        await behind(says(lambda _: "here"))(scope, counted, send)

    wire = run(server, scope_of("POST", path, [ERIN]), request(b"x"))
    assert (wire.status >= 400, reads) == (True, [])
