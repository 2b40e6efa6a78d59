"""An environ becomes a request, and what the app gets of it. Attacks 6, 9 and 26."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from support.heads import CLEAN, SECRET, logs_in
from support.realm import Realm, make_realm, session_cookie
from support.visitor import NAVIGATION
from support.wsgi_wire import App, environ_of, serve
from twofa_middleware_wsgi.translate import read_request

from .conftest import Behind

ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")
WENDY = ("Cookie", f"session={session_cookie('wendy')}")


def says(told: Callable[[dict[str, Any]], object]) -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", CLEAN)
        return [repr(told(environ)).encode()]

    return app


@pytest.mark.parametrize(
    ("given", "root", "path"),
    [
        ({"SCRIPT_NAME": "", "PATH_INFO": "/a"}, "", "/a"),
        ({"SCRIPT_NAME": "/mount", "PATH_INFO": "/a"}, "/mount", "/a"),
        ({"SCRIPT_NAME": "/mount", "PATH_INFO": ""}, "/mount", ""),
        ({"SCRIPT_NAME": "/mount", "PATH_INFO": "/mount/a"}, "/mount", "/mount/a"),
        ({"SCRIPT_NAME": "/ä".encode().decode("latin-1"), "PATH_INFO": "/ö".encode().decode("latin-1")}, "/ä", "/ö"),
        ({"SCRIPT_NAME": "", "PATH_INFO": "/\xff"}, "", "/\udcff"),
        ({"SCRIPT_NAME": "", "PATH_INFO": "*"}, "", "*"),
    ],
)
def test_a009_root_and_path_are_script_name_and_path_info(given: dict[str, str], root: str, path: str) -> None:
    request = read_request(environ_of(**given), 0)
    assert (request.root, request.path) == (root, path)


@pytest.mark.parametrize(
    ("given", "raw_path"),
    [
        ({}, None),
        ({"RAW_URI": "/a%2fb?c=%2f"}, b"/a%2fb"),
        ({"REQUEST_URI": "/a%2fb?c"}, b"/a%2fb"),
        ({"RAW_URI": "/a", "REQUEST_URI": "/b"}, b"/a"),
        ({"REQUEST_URI": "http://localhost:8000/a%2fb?c"}, b"http://localhost:8000/a%2fb"),
        ({"RAW_URI": "*"}, b"*"),
        ({"RAW_URI": "/\xff"}, b"/\xff"),
    ],
)
def test_a006_the_path_as_it_was_sent_is_taken_where_the_server_tells_it(
    given: dict[str, str], raw_path: bytes | None
) -> None:
    assert read_request(environ_of(**given), 0).raw_path == raw_path


def test_headers_are_lower_case_bytes_with_type_and_length_among_them() -> None:
    environ = environ_of("POST", "/", [("X-Odd", "\xe9"), ("Content-Type", "a/b")], body=b"abc")
    assert set(read_request(environ, 0).headers) == {
        (b"x-odd", b"\xe9"),
        (b"content-type", b"a/b"),
        (b"content-length", b"3"),
    }


@pytest.mark.parametrize("path", ["/shop", "/2fa/account", "/static/x"])
def test_an_environ_without_its_optional_keys_is_understood(behind: Behind, path: str) -> None:
    environ = environ_of("GET", path)
    for key in ("SCRIPT_NAME", "QUERY_STRING"):
        del environ[key]
    if path == "/shop":
        del environ["PATH_INFO"]
    wire = serve(behind(says(lambda _: "here"), checked=False), environ, checked=False)
    assert (wire.error, wire.status) == (None, 403 if path.startswith("/2fa") else 200)


@pytest.mark.parametrize(
    ("given", "exempt"),
    [
        ({"PATH_INFO": "/static/x", "RAW_URI": "/static/x"}, True),
        ({"PATH_INFO": "/static/x", "RAW_URI": "http://localhost:8000/static/x"}, True),
        ({"PATH_INFO": "/static/x", "RAW_URI": "/static/%78"}, False),
        ({"PATH_INFO": "/static/../x"}, False),
        ({"PATH_INFO": "/static/\xff"}, False),
        ({"SCRIPT_NAME": "/static", "PATH_INFO": "/x"}, False),
        ({"SCRIPT_NAME": "/mount", "PATH_INFO": "/static/x", "RAW_URI": "/mount/static/x"}, True),
        ({"SCRIPT_NAME": "", "PATH_INFO": "*", "RAW_URI": "*"}, False),
    ],
)
def test_a006_a009_only_the_plain_path_below_the_mount_is_exempt(
    behind: Behind, given: dict[str, str], exempt: bool
) -> None:
    wire = serve(behind(says(lambda _: "here"), checked=False), environ_of("GET", "/", [ERIN]) | given, checked=False)
    assert (wire.body == b"'here'", wire.status) == (exempt, 200 if exempt else 403)


@pytest.mark.parametrize("root", ["", "/mount", "/2fa"])
def test_a009_own_pages_lie_below_the_mount_and_only_there(behind: Behind, root: str) -> None:
    gated = behind(says(lambda _: "here"))
    own = serve(gated, environ_of("GET", "/2fa/verify", [ERIN, *NAVIGATION], SCRIPT_NAME=root))
    assert f'action="{root}/2fa/verify"'.encode() in own.body
    the_apps = serve(gated, environ_of("GET", "/verify", SCRIPT_NAME=root))
    assert the_apps.body == b"'here'"


def test_the_app_gets_its_cookies_without_ours(behind: Behind) -> None:
    cookie = f"{WENDY[1]}; 2fa-pass-test-shop=x; theme=dark; __Host-2fa-flow-test=y"
    wire = serve(behind(says(lambda environ: environ.get("HTTP_COOKIE"))), environ_of(headers=[("Cookie", cookie)]))
    assert wire.body.decode() == repr(f"{WENDY[1]}; theme=dark")


def test_where_nothing_but_ours_was_sent_the_app_gets_no_cookie_header(behind: Behind) -> None:
    environ = environ_of(headers=[("Cookie", "2fa-pass-test-shop=x")])
    assert serve(behind(says(lambda environ: environ.get("HTTP_COOKIE"))), environ).body == b"None"


def test_a_request_without_anything_of_ours_reaches_the_app_as_it_came(behind: Behind) -> None:
    environ = environ_of("POST", "/a?b=c", [("X-Odd", "\xe9"), ("Cookie", ' a="b";;c ')], body=b"abc", odd=object())
    before = dict(environ)
    seen: list[dict[str, Any]] = []
    serve(behind(says(lambda environ: seen.append(dict(environ))), checked=False), environ, checked=False)
    assert seen == [before]
    assert all(seen[0][key] is before[key] for key in before)


def test_a026_what_the_app_writes_into_its_environ_is_not_believed_when_it_answers(
    behind: Behind, realm: Realm
) -> None:
    identity = [realm.settings.app("shop").identity[0], {"use": "remote_user"}]
    both = make_realm(realm.folder, shop={"identity": identity})

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["REMOTE_USER"] = "erin"  # as some apps do for what runs inside them
        start_response("200 OK", logs_in("wendy"))
        return [SECRET]

    wire = serve(behind(app, both), environ_of("POST", "/login", body=b""))
    assert (wire.status, wire.body) == (200, SECRET)


def test_the_app_cannot_change_of_which_method_a_refusal_is(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["REQUEST_METHOD"] = "GET"
        start_response("200 OK", logs_in())
        return [SECRET]

    wire = serve(behind(app, checked=False), environ_of("HEAD", "/shop"), checked=False)
    assert (wire.status, wire.chunks) == (403, [])
