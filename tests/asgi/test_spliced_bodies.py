"""A page that gets a control on its way, as ASGI apps send it."""

from __future__ import annotations

from typing import Any

import pytest

from support.asgi_wire import App, Message, chunk, request, run, scope_of, start
from support.heads import raw
from support.realm import Realm, make_realm, session_cookie
from support.visitor import NAVIGATION

from .conftest import Behind

HEAD = raw([("Content-Type", "text/html; charset=utf-8")])
CHUNKS = [b"<!doctype html><ul id=m", b"enu><li>", b"one</li></u", b"l><p>", b"rest</p>"]
LINK = b'<a href="/2fa/setup?next=/page">Enable Two-Factor Authentication</a>'
WANTED = b"".join(CHUNKS).replace(b"</ul>", LINK + b"</ul>")
INSERT: dict[str, Any] = {"path": "/page", "selector": "ul#menu", "position": "append", "what": "profile-link"}
WENDY = ("Cookie", f"session={session_cookie('wendy')}")


@pytest.fixture
def controlled(realm: Realm) -> Realm:
    return make_realm(realm.folder, shop={"inserts": [INSERT]})


def page(path: str = "/page", **more: Any) -> dict[str, Any]:
    return scope_of("GET", path, [*NAVIGATION, WENDY], **more)


def sends(*messages: Message) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


@pytest.mark.parametrize("ends", ["with the last chunk", "with an empty chunk"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_however_it_is_cut_the_page_gets_the_control_once(
    ends: str, size: int, behind: Behind, controlled: Realm
) -> None:
    whole = b"".join(CHUNKS)
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    messages = [chunk(part, more=True) for part in parts[:-1]]
    messages += [chunk(parts[-1])] if ends == "with the last chunk" else [chunk(parts[-1], more=True), chunk(b"")]
    wire = run(behind(sends(start(HEAD), *messages), controlled), page())
    assert (wire.error, wire.faults, wire.body) == (None, [], WANTED)


def test_what_cannot_be_part_of_a_match_goes_out_at_once(behind: Behind, controlled: Realm) -> None:
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(HEAD))
        await send(chunk(b"<!doctype html><p>first</p>", more=True))
        seen.append(1)
        await send(chunk(b"<ul id=menu></ul>"))

    wire = run(behind(app, controlled), page())
    bodies = [message["body"] for message in wire.sent if message["type"] == "http.response.body"]
    assert bodies[0].startswith(b"<!doctype html><p>first")
    assert seen == [1]


def test_the_server_is_not_asked_to_send_a_file_past_us(behind: Behind, controlled: Realm) -> None:
    offered: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        offered.append(set(scope["extensions"]))
        await send(start(HEAD))
        await send(chunk(b"".join(CHUNKS)))

    extensions: dict[str, Any] = {
        "http.response.pathsend": {},
        "http.response.zerocopysend": {},
        "http.response.early_hint": {},
    }
    assert run(behind(app, controlled), page(extensions=extensions)).body == WANTED
    run(behind(app, controlled), page("/other", extensions=extensions))
    assert offered == [{"http.response.early_hint"}, set(extensions)]


def test_trailers_and_messages_that_are_no_body_go_through(behind: Behind, controlled: Realm) -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"x", b"y")]}
    wire = run(behind(sends(start(HEAD, trailers=True), chunk(b"".join(CHUNKS)), trailers), controlled), page())
    assert wire.body == WANTED
    assert wire.sent[-1] == trailers


def test_the_app_reads_its_form_without_our_fields_and_with_its_own_length(behind: Behind, controlled: Realm) -> None:
    read: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        read.append((await receive())["body"])
        read.append(dict(scope["headers"])[b"content-length"])
        await send(start(raw([("Content-Type", "text/plain")])))
        await send(chunk(b""))

    insert = INSERT | {"what": "user-checkbox", "target": "attr:id", "accepted": {}}
    realm = make_realm(controlled.folder, shop={"inserts": [insert], "admin": True}, admin={"roles": ["Chef"]})
    body = b"a=1&twofa-on=1&b=2"
    headers = [*NAVIGATION, WENDY, ("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "18")]
    wire = run(behind(app, realm), scope_of("POST", "/page", headers), request(body))
    assert wire.error is None
    assert read == [b"a=1&b=2", b"7"]
