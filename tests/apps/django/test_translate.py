"""Django's requests and responses, in the words of the gate and back, in both colours; where the entry has to stand."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import BadRequest, ConfigError
from twofa_middleware.http import Allow, Answer, Request, never
from twofa_middleware.program import PeekBody, ReadBody

ENTRY = "twofa_middleware.django.TwoFactorMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
COOKIE = "sessionid=abc; 2fa-pass-shop-shop=secret; theme=dark"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Asked:
    """Makes requests as Django's handlers make them of what servers say."""

    colour: str

    def get(self, path: str, query: str = "") -> Any:
        return self._made("GET", path, query, b"")

    def post(self, path: str, body: bytes) -> Any:
        return self._made("POST", path, "", body)

    def _made(self, method: str, path: str, query: str, body: bytes) -> Any:
        from django.core.handlers.asgi import ASGIRequest
        from django.core.handlers.wsgi import WSGIRequest

        sent = {"host": "localhost", "cookie": COOKIE, "x-user": "erin"}
        sent |= {"content-type": FORM, "content-length": str(len(body))} if body else {}
        if self.colour == "asgi":
            headers = [(name.encode(), value.encode()) for name, value in sent.items()]
            scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
            return ASGIRequest(scope, io.BytesIO(body))
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path.encode().decode("latin-1"), "QUERY_STRING": query}
        for name, value in sent.items():
            key = name.upper().replace("-", "_")
            environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
        return WSGIRequest(environ | {"wsgi.input": io.BytesIO(body)})


@pytest.fixture(params=["wsgi", "asgi"])
def asked(request: pytest.FixtureRequest, shop: Path) -> Asked:
    return Asked(request.param)


def translated(request: Any) -> Request:
    from twofa_middleware_django.translate import read_request

    return read_request(request, 1_800_000_000)


def allowed(request: Any, **more: Any) -> Allow:
    return Allow(translated(request), None, more.pop("changes", {}), never, None, **more)


def test_a_request_is_read_as_django_reads_it(asked: Asked) -> None:
    read = translated(asked.get("/orders/é/", "a=1"))
    assert (read.kind, read.method, read.root, read.path, read.query) == ("http", "GET", "", "/orders/é/", b"a=1")
    assert read.cookies() == {b"sessionid": [b"abc"], b"2fa-pass-shop-shop": [b"secret"], b"theme": [b"dark"]}
    assert read.header(b"x-user") == b"erin"


def test_a009_the_mount_is_the_one_that_django_makes_addresses_with(asked: Asked, settings: Any) -> None:
    settings.FORCE_SCRIPT_NAME = "/shop"
    read = translated(asked.get("/shop/orders/" if asked.colour == "asgi" else "/orders/"))
    assert (read.root, read.path) == ("/shop", "/orders/")


def test_what_is_taken_out_is_nowhere_in_the_request(asked: Asked) -> None:
    from twofa_middleware_django.translate import change_request

    request = asked.get("/")
    assert "2fa-pass-shop-shop" in request.COOKIES  # as if somebody had looked at them already
    change_request(request, allowed(request, changes={b"cookie": b"theme=dark", b"x-user": None}), KeptCookies())
    assert request.COOKIES == {"theme": "dark"}
    assert "X-User" not in request.headers
    assert "secret" not in repr((request.META, request.headers, request.COOKIES, getattr(request, "scope", {})))
    assert "erin" not in repr((request.META, request.headers, getattr(request, "scope", {}).get("headers")))


def test_a_body_that_was_read_is_given_instead(asked: Asked) -> None:
    from twofa_middleware_django.translate import change_request

    request = asked.post("/", b"name=erin&two=1")
    request.read(100)
    change_request(request, allowed(request, body=b"name=erin"), KeptCookies())
    assert (request.POST.dict(), request.META["CONTENT_LENGTH"]) == ({"name": "erin"}, "9")


@pytest.mark.parametrize(("size", "status"), [(10, None), (8192, None), (8193, 413), (100_000, 413)])
def test_a103_a_form_of_ours_has_a_limit(asked: Asked, size: int, status: int | None) -> None:
    from twofa_middleware_django.translate import read_body

    request = asked.post("/2fa/verify", b"x" * size)
    if status is None:
        assert read_body(request, ReadBody(8192, 10)) == b"x" * size
        return
    with pytest.raises(BadRequest) as refused:
        read_body(request, ReadBody(8192, 10))
    assert refused.value.status == status


@pytest.mark.parametrize(("size", "fits"), [(10, True), (8192, True), (8193, False)])
def test_a_form_of_the_project_is_peeked_at_and_goes_on_whole(asked: Asked, size: int, fits: bool) -> None:
    from twofa_middleware_django.translate import change_request, peek_body

    if asked.colour == "wsgi" and not fits:
        return  # its length stands in its head, so nobody asks for it
    body = b"a=" + b"x" * (size - 2)
    request = asked.post("/", body)
    seen = peek_body(request, PeekBody(8192, 10))
    assert seen == (body if fits else None)
    change_request(request, allowed(request, body=seen), KeptCookies())
    assert request.POST["a"] == "x" * (size - 2)


def test_a_cookie_that_the_project_has_set_when_it_was_asked_is_in_the_request(asked: Asked) -> None:
    from twofa_middleware_django.translate import change_request

    request, kept = asked.get("/"), KeptCookies()
    kept.take(((b"set-cookie", b"sessionid=new; Path=/"),), frozenset({b"sessionid"}))
    change_request(request, allowed(request, changes={b"cookie": b"sessionid=abc; theme=dark"}), kept)
    assert request.COOKIES == {"sessionid": "new", "theme": "dark"}
    assert "abc" not in repr((request.META, request.headers, getattr(request, "scope", {}).get("headers")))


def test_a_watched_body_is_asked_about_with_its_last_byte_and_then_closed_to_the_view(shop: Path) -> None:
    from twofa_middleware_django.translate import LoginChanged, WatchedStream

    answers = iter([True])
    stream = WatchedStream(io.BytesIO(b"x" * 10), 10, lambda: next(answers))
    assert stream.read(4) == b"xxxx"
    assert (stream.read(6), list(answers)) == (b"x" * 6, [])  # it was asked, once
    assert stream.read() == b""
    assert not stream.seekable()  # Django 6.1 wants to know
    stream.close()
    other = WatchedStream(io.BytesIO(b"a\nb"), 3, lambda: False)
    assert other.readline() == b"a\n"
    for read in (other.readline, other.read, lambda: other.read(1)):
        with pytest.raises(LoginChanged):
            read()


def test_a_response_keeps_its_cookies_and_gets_ours(shop: Path) -> None:
    from django.http import HttpResponse

    from twofa_middleware_django.translate import headers_of, set_headers

    response = HttpResponse("page", headers={"X-Shop": "1"})
    response.set_cookie("theme", "dark", max_age=60, samesite="Lax")
    response.set_cookie("2fa-pass-shop-shop", "of the app's own")
    before = tuple(pair for pair in headers_of(response) if b"2fa-" not in pair[1])
    ours = (b"set-cookie", b"__Host-2fa-pass-shop-shop=a.b-c; HttpOnly; Max-Age=60; Path=/; SameSite=Lax; Secure")
    set_headers(response, (*before, ours))
    assert sorted(headers_of(response)) == sorted((*before, (b"Set-Cookie", ours[1])))
    assert response.content == b"page"


def test_an_answer_of_ours_is_a_response(shop: Path) -> None:
    from django.test import RequestFactory

    from twofa_middleware_django.translate import headers_of, response_of

    answer = Answer(303, ((b"location", b"/2fa/verify"), (b"vary", b"Cookie")), b"gone")
    for method, body in (("GET", b"gone"), ("HEAD", b"")):
        response = response_of(answer, translated(RequestFactory(headers={"host": "x"}).generic(method, "/")))
        assert (response.status_code, response.content) == (303, body)
        assert headers_of(response) == (*answer.headers, (b"content-length", b"4"))


@pytest.mark.parametrize("middleware", [[SESSIONS, ENTRY], [SESSIONS], [], [ENTRY, SESSIONS, ENTRY]])
def test_a022_the_entry_stands_first_or_the_start_stops(settings: Any, middleware: list[str]) -> None:
    from django.core.handlers.wsgi import WSGIHandler

    from twofa_middleware_django.apps import first_in_middleware
    from twofa_middleware_django.place import refuse_unless_first

    settings.MIDDLEWARE = middleware
    with pytest.raises(ConfigError, match="MIDDLEWARE: "):
        refuse_unless_first()
    assert [error.id for error in first_in_middleware(None)] == ["twofa.E001"]
    if ENTRY in middleware:
        with pytest.raises(ConfigError, match="MIDDLEWARE: "):
            WSGIHandler()


def test_the_entry_alone_at_the_head_is_right(settings: Any) -> None:
    from twofa_middleware_django.apps import first_in_middleware

    settings.MIDDLEWARE = [ENTRY, SESSIONS]
    assert first_in_middleware(None) == []


def test_an_entry_without_its_settings_stops_the_start(settings: Any) -> None:
    from django.core.handlers.wsgi import WSGIHandler

    settings.MIDDLEWARE = [ENTRY]
    with pytest.raises(ConfigError, match="TWOFA_SETTINGS is missing in the settings of the project"):
        WSGIHandler()
