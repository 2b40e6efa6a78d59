"""A WebSocket is refused before it is accepted, and its acceptance is a head like any other. Attacks 13 to 15."""

from __future__ import annotations

from typing import Any

import pytest

from support import logins
from support.asgi_wire import DENIAL, App, Message, run, websocket_of
from support.exchange import AsgiExchange
from support.heads import CLEAN, SECRET, logs_in, raw
from support.logins import WHO
from support.realm import ORIGIN, SIGNED_COOKIE, Realm, make_realm, session_cookie
from support.visitor import Visitor

from .conftest import Behind

ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")
WENDY = ("Cookie", f"session={session_cookie('wendy')}")
SENDS_DENIALS: dict[str, Any] = {"extensions": {DENIAL: {}}}


class Live:
    """Accepts, and greets with a secret."""

    def __init__(self, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        self.calls = 0
        self._accept: Message = {"type": "websocket.accept"} | ({} if headers is None else {"headers": headers})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        await receive()
        await send(self._accept)
        await send({"type": "websocket.send", "text": "secret"})
        await send({"type": "websocket.close", "code": 1000})


def test_a013_a_log_in_that_must_verify_is_refused_before_accept(behind: Behind) -> None:
    app = Live()
    wire = run(behind(app), websocket_of(headers=[ERIN, ("Origin", ORIGIN)]))
    assert (wire.sent, app.calls) == ([{"type": "websocket.close", "code": 1008, "reason": ""}], 0)


def test_a013_where_the_server_can_the_refusal_is_an_answer(behind: Behind) -> None:
    app = Live()
    wire = run(behind(app), websocket_of(headers=[ERIN, ("Origin", ORIGIN)], **SENDS_DENIALS))
    assert (wire.types, app.calls, wire.faults) == ([f"{DENIAL}.start", f"{DENIAL}.body"], 0, [])
    assert (wire.status, wire.header(b"content-type")) == (403, b"application/problem+json")


def test_a013_that_a_page_of_ours_is_no_websocket(behind: Behind) -> None:
    app = Live()
    for path in ("/2fa/verify", "/2fa/static/pages.css"):
        wire = run(behind(app), websocket_of(path, [ERIN, ("Origin", ORIGIN)], **SENDS_DENIALS))
        assert (wire.status, app.calls) == (404, 0)


def test_a015_one_that_is_opened_after_its_pass_has_ended_is_refused(behind: Behind, realm: Realm) -> None:
    """Of one that is open ``test_open_connections.py`` tells."""
    app = Live()
    gate = behind(app)
    exchange = AsgiExchange(gate)
    wendy = Visitor(exchange, realm.clock)
    wendy.log_in("wendy")
    wendy.set_up()
    cookies = ("Cookie", "; ".join(f"{name}={value}" for name, value in wendy.cookies.items()))
    assert "secret" in run(gate, websocket_of(headers=[cookies, ("Origin", ORIGIN)])).everything()
    realm.clock.on(30)
    assert wendy.confirm("codes").status == 200  # new codes end every pass, and open another one here
    wire = run(gate, websocket_of(headers=[cookies, ("Origin", ORIGIN)]))
    assert (wire.sent, app.calls) == ([{"type": "websocket.close", "code": 1008, "reason": ""}], 1)
    exchange.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:8000.evil.example", ""])
def test_a014_a_page_of_another_origin_may_not_open_one_for_who_is_logged_in(origin: str, behind: Behind) -> None:
    app = Live()
    wire = run(behind(app), websocket_of(headers=[WENDY, ("Origin", origin)], **SENDS_DENIALS))
    assert (wire.status, app.calls) == (403, 0)


@pytest.mark.parametrize("headers", [[WENDY, ("Origin", ORIGIN)], [WENDY], [("Origin", "http://other.example")], []])
def test_who_may_pass_and_who_is_nobody_gets_the_connection_as_it_is(
    headers: list[tuple[str, str]], behind: Behind
) -> None:
    gated, bare = run(behind(Live()), websocket_of(headers=headers)), run(Live(), websocket_of(headers=headers))
    assert (gated.error, gated.faults) == (None, [])
    assert [{"headers": [], **message} for message in gated.sent] == [
        {"headers": [], **message} for message in bare.sent
    ]


@pytest.mark.parametrize("extensions", [{}, SENDS_DENIALS], ids=["closes", "answers"])
def test_a013_an_acceptance_that_logs_in_who_must_verify_is_refused(extensions: dict[str, Any], behind: Behind) -> None:
    app = Live(raw(logs_in())[1:3])
    wire = run(behind(app), websocket_of(**extensions))
    assert (app.calls, wire.error, wire.faults, "secret" in wire.everything()) == (1, None, [], False)
    assert wire.types == ([f"{DENIAL}.start", f"{DENIAL}.body"] if extensions else ["websocket.close"])
    assert not extensions or (wire.header(b"set-cookie") or b"").startswith(b"session=")


def test_a013_so_is_an_app_that_refuses_the_handshake_with_a_log_in(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": f"{DENIAL}.start", "status": 403, "headers": raw(logs_in())})
        await send({"type": f"{DENIAL}.body", "body": SECRET})

    wire = run(behind(app), websocket_of(**SENDS_DENIALS))
    assert (wire.status, wire.error, "secret" in wire.everything()) == (403, None, False)


def test_an_app_may_refuse_a_handshake_itself(behind: Behind) -> None:
    async def closes(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "test.unknown"})
        await send({"type": "websocket.close", "code": 4000})

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": f"{DENIAL}.start", "status": 404, "headers": raw(CLEAN)})
        await send({"type": f"{DENIAL}.body", "body": b"none"})

    assert run(behind(closes), websocket_of()).sent == [{"type": "websocket.close", "code": 4000}]
    wire = run(behind(answers), websocket_of(**SENDS_DENIALS))
    assert (wire.status, wire.body, wire.faults) == (404, b"none", [])


def accepts_and_logs_in(user: str) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        WHO[b"known"] = user
        await Live()(scope, receive, send)

    return app


@pytest.mark.parametrize(("user", "passes"), [("erin", False), ("wendy", True)])
def test_a013_who_is_logged_in_when_the_app_accepts_is_asked_again_where_its_state_says_so(
    user: str, passes: bool, behind: Behind, state_realm: Realm
) -> None:
    listed = make_realm(
        state_realm.folder,
        shop={"identity": [SIGNED_COOKIE, logins.SERVER_SESSION], "anonymous_websockets": ["GET /live"]},
    )
    wire = run(behind(accepts_and_logs_in(user), listed), websocket_of(headers=[("Cookie", "sid=known")]))
    assert (wire.error, "secret" in wire.everything()) == (None, passes)


def test_a_second_acceptance_ends_the_connection(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.accept", "headers": raw(logs_in())})

    wire = run(behind(app), websocket_of())
    assert (type(wire.error), wire.types) == (RuntimeError, ["websocket.accept"])
