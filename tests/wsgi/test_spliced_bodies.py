"""A page that gets a control on its way, in every shape that a WSGI app can give it (PEP 3333)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.realm import Realm, make_realm, session_cookie
from support.visitor import NAVIGATION
from support.wsgi_apps import SHAPES, Body, Shape
from support.wsgi_wire import environ_of, serve

from .conftest import Behind

HEAD = [("Content-Type", "text/html; charset=utf-8")]
CHUNKS = [b"<!doctype html><ul id=m", b"enu><li>", b"one</li></u", b"l><p>", b"rest</p>"]
LINK = b'<a href="/2fa/setup?next=/page">Enable Two-Factor Authentication</a>'
WANTED = b"".join(CHUNKS).replace(b"</ul>", LINK + b"</ul>")
INSERT: dict[str, Any] = {"path": "/page", "selector": "ul#menu", "position": "append", "what": "profile-link"}


@pytest.fixture
def controlled(realm: Realm) -> Realm:
    return make_realm(realm.folder, shop={"inserts": [INSERT]})


def asks(path: str = "/page") -> dict[str, Any]:
    return environ_of("GET", path, [*NAVIGATION, ("Cookie", f"session={session_cookie('wendy')}")])


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_an_app_gets_the_control_once_and_is_closed_once(
    shape: Shape, behind: Behind, controlled: Realm
) -> None:
    bodies: list[Body] = []
    wire = serve(behind(shape(HEAD, CHUNKS, bodies), controlled), asks())
    assert (wire.error, wire.status) == (None, 200)
    assert wire.body == WANTED
    assert [body.closed for body in bodies] == [1]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_without_a_control_is_handed_on_as_it_is(shape: Shape, behind: Behind, controlled: Realm) -> None:
    wire = serve(behind(shape(HEAD, CHUNKS, []), controlled), asks("/other"))
    assert wire.body == b"".join(CHUNKS)


def test_what_cannot_be_part_of_a_match_goes_out_before_the_rest_is_there(behind: Behind, controlled: Realm) -> None:
    pulled: list[str] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", HEAD)
        for chunk in (b"<!doctype html><p>first</p>", b"<ul id=menu></ul>", b"<p>last</p>"):
            pulled.append(chunk.decode())
            yield chunk

    body = iter(behind(app, controlled, checked=False)(asks(), lambda *head: lambda chunk: None))
    assert next(body).startswith(b"<!doctype html><p>first</p>"[:20])
    assert len(pulled) == 1
    body.close()  # type: ignore[attr-defined]


def test_an_error_in_the_middle_of_the_page_reaches_the_server(behind: Behind, controlled: Realm) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", HEAD)
        yield CHUNKS[0]
        raise LookupError("the app broke")

    wire = serve(behind(app, controlled), asks())
    assert isinstance(wire.error, LookupError)
    assert LINK not in wire.body


def test_the_app_reads_its_form_without_our_fields_and_with_its_own_length(behind: Behind, controlled: Realm) -> None:
    read: list[tuple[bytes, str]] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        read.append((environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])), environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    insert = INSERT | {"what": "user-checkbox", "target": "attr:id", "accepted": {}}
    realm = make_realm(controlled.folder, shop={"inserts": [insert], "admin": True}, admin={"roles": ["Chef"]})
    body = b"a=1&twofa-on=1&b=2"
    environ = asks() | {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    serve(behind(app, realm), environ)
    assert read == [(b"a=1&b=2", "7")]
