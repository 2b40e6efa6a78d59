"""What every request of somebody who may not pass must come to, and of somebody who may."""

from __future__ import annotations

from collections.abc import Iterable

from proof.matrix.axes import Asked
from proof.matrix.scene import Scene
from proof.matrix.states import Refusal
from support.asgi_wire import DENIAL, Wire
from support.exchange import Reply
from support.visitor import Visitor

OF_OWN_PAGES = frozenset({200, 303, 400, 403, 404, 405, 411, 415, 503})
CREDENTIALS = frozenset({"cookie", "authorization"})


def refuses(scene: Scene, visitor: Visitor, refusal: Refusal, asked: Iterable[Asked]) -> None:
    """The app is called for none of it, but for what is exempt, and then it gets no credential with it."""

    def judge(one: Asked, reply: Reply) -> None:
        calls = scene.reached
        if one.reaches(scene.adapter):
            assert (len(calls), reply.status) == (1, 200), f"{one} is exempt: {reply.status}"
            given = (CREDENTIALS | scene.way.reads_headers) & calls[0].headers.keys()
            assert not given, f"{one} went on with {given}"
            return
        assert calls == [], f"{one} has reached the app: {reply.status}"
        assert b"secret" not in reply.body, f"{one} was answered with a page of the app's"
        if one.leads == "own":
            assert reply.status in OF_OWN_PAGES, f"{one}: {reply.status}"
            return
        assert reply.status in planned(one, refusal, scene), f"{one}: {reply.status}"

    scene.ask_all(visitor, asked, judge)


def refuses_sockets(scene: Scene, visitor: Visitor, refusal: Refusal, asked: Iterable[Asked]) -> None:
    """No connection is opened, at an exempt path neither."""

    def judge(one: Asked, wire: Wire) -> None:
        assert (scene.reached, wire.error, wire.faults) == ([], None, []), f"a WebSocket to {one.target}"
        assert "secret" not in wire.everything(), f"a WebSocket to {one.target}"
        assert wire.types in (["websocket.close"], [f"{DENIAL}.start", f"{DENIAL}.body"]), f"{one.target}: {wire.types}"
        if wire.status and one.leads != "own":
            may_be = (403, 503) if refusal == "fault" else (403,)
            assert wire.status in may_be, f"a WebSocket to {one.target}: {wire.status}"

    scene.open_all(visitor, asked, judge)


def planned(asked: Asked, refusal: Refusal, scene: Scene) -> tuple[int, ...]:
    """The status that it has to be. Basic or a token at an odd path is a credential that nobody has read; and where a header names
    other addresses, nobody can tell which peer has sent the one with the user."""
    resolver = scene.way.name.split()[0]
    unread = (403,) if resolver in ("basic", "bearer") else ()
    if refusal == "fault" or (resolver == "header" and asked.dress.name == "from within"):
        return (503, *unread)
    is_handshake = scene.adapter == "wsgi" and asked.dress.upgrades
    is_sent_on = asked.dress.navigates and asked.method in ("GET", "HEAD") and not is_handshake
    return (303, *unread) if is_sent_on else (403,)


def lets_in(scene: Scene, visitor: Visitor, asked: Iterable[Asked]) -> None:
    """The app is called once for each."""

    def judge(one: Asked, reply: Reply) -> None:
        assert [len(scene.reached), reply.status] == [1, 200], f"{one} has not reached the app: {reply.status}"

    scene.ask_all(visitor, asked, judge)


def lets_in_sockets(scene: Scene, visitor: Visitor, asked: Iterable[Asked]) -> None:
    """The app opens each of them."""

    def judge(one: Asked, wire: Wire) -> None:
        assert (len(scene.reached), wire.types[:2]) == (1, ["websocket.accept", "websocket.send"]), f"{one.target}"

    scene.open_all(visitor, asked, judge)
