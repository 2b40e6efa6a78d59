"""Where the app's state says who is logged in, it is asked again when the last of a body was read."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from support.asgi_wire import App, Message, chunk, request, run, scope_of, start
from support.heads import CLEAN, SECRET, raw
from support.logins import WHO
from support.realm import Realm
from support.told import told
from support.visitor import NAVIGATION
from twofa_middleware_asgi.passage import LoginChanged

from .conftest import Behind

POST = scope_of("POST", "/act", [("Cookie", "sid=known"), *NAVIGATION])


class Acts:
    """Reads its body, and then acts on it."""

    def __init__(self, *, traps: bool = False, reads: bool = True) -> None:
        self.got: list[bytes] = []
        self.acted = False
        self._traps = traps
        self._reads = reads

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            while self._reads:
                message = await receive()
                self.got.append(message.get("body", b""))
                if not message.get("more_body"):
                    break
            self.acted = True
        except LoginChanged:
            if not self._traps:
                raise
        await send(start(raw(CLEAN)))
        await send(chunk(SECRET))


def with_log_in_before(number: int, app: App) -> App:
    """A server between whose messages somebody is logged in by the same session: before the message of this number."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        count = 0

        async def logs_in() -> Message:
            nonlocal count
            if count == number:
                WHO[b"known"] = "erin"
            count += 1
            message: Message = await receive()
            return message

        await app(scope, logs_in, send)

    return server


@pytest.mark.parametrize("chunks", [[b"all"], [b""], [b"a", b"b", b"c"]], ids=["one", "empty", "three"])
def test_a_log_in_that_appears_while_the_body_is_read_stops_the_app(
    chunks: list[bytes], behind: Behind, state_realm: Realm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    app = Acts()
    wire = run(with_log_in_before(len(chunks) - 1, behind(app, state_realm)), POST, request(*chunks))
    assert isinstance(wire.error, LoginChanged)
    assert (app.acted, app.got, wire.sent) == (False, chunks[:-1], [])
    [appeared] = told(caplog, "log-in appeared while a body was read")
    assert (appeared["app"], appeared["user"]) == ("shop", "erin")


def test_while_nobody_logs_in_the_body_is_what_was_sent(behind: Behind, state_realm: Realm) -> None:
    app = Acts()
    wire = run(behind(app, state_realm), POST, request(b"a", b"", b"b"))
    assert (wire.body, app.got, app.acted) == (SECRET, [b"a", b"", b"b"], True)


def test_it_is_asked_once_when_the_last_chunk_is_there(behind: Behind, state_realm: Realm) -> None:
    app = Acts()

    async def logs_in_and_out(scope: Any, receive: Any, send: Any) -> None:
        turns = iter(["erin", "erin", None])

        async def changes() -> Message:
            WHO.clear()
            if (user := next(turns)) is not None:
                WHO[b"known"] = user
            message: Message = await receive()
            return message

        await behind(app, state_realm)(scope, changes, send)

    run(logs_in_and_out, POST, request(b"a", b"b", b"c"))
    assert (app.got, app.acted) == ([b"a", b"b", b"c"], True)


def test_an_app_that_traps_the_error_gets_no_answer_out(behind: Behind, state_realm: Realm) -> None:
    app = Acts(traps=True)
    wire = run(with_log_in_before(0, behind(app, state_realm)), POST, request(b"all"))
    assert (wire.status, wire.header(b"location"), app.acted) == (303, b"/2fa/verify?next=/", False)
    assert "secret" not in wire.everything()


def test_an_app_that_never_reads_is_asked_about_before_its_answer(behind: Behind, state_realm: Realm) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        WHO[b"known"] = "erin"
        await Acts(reads=False)(scope, receive, send)

    wire = run(behind(app, state_realm), POST, request(b"all"))
    assert (wire.status, "secret" in wire.everything()) == (303, False)


def test_a_client_that_leaves_is_no_end_of_a_body(behind: Behind, state_realm: Realm) -> None:
    app = Acts()
    incoming = [*request(b"a", b"b")[:1], {"type": "http.disconnect"}]
    wire = run(with_log_in_before(1, behind(app, state_realm)), POST, incoming)
    assert app.got == [b"a", b""]
    assert "secret" not in wire.everything()
