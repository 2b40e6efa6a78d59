"""The head of an app's answer is looked at before a byte of it goes out, in whatever way the app sends it. Attack 4."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from support.heads import CHUNKS, CLEAN, SECRET, logs_in
from support.realm import session_cookie
from support.visitor import FETCH, NAVIGATION
from support.wsgi_apps import SHAPES, Body, Shape, starts_late
from support.wsgi_wire import App, Wire, environ_of, serve
from twofa_middleware_wsgi.head import AnswerRefused, HeldHead

from .conftest import Behind


def assert_only_the_cookie_went_out(wire: Wire) -> None:
    assert wire.error is None
    assert "secret" not in wire.everything().lower()
    assert (wire.header("set-cookie") or "").startswith("session=")


@pytest.mark.parametrize("shape", SHAPES)
def test_a004_an_answer_that_logs_in_who_must_verify_keeps_nothing_but_its_cookies(
    shape: Shape, behind: Behind
) -> None:
    bodies: list[Body] = []
    wire = serve(behind(shape(logs_in(), CHUNKS, bodies)), environ_of("POST", "/login", NAVIGATION, body=b"a=b"))
    assert (wire.status, wire.header("location")) == (303, "/2fa/verify?next=/")
    assert_only_the_cookie_went_out(wire)
    assert [body.closed for body in bodies] == [1]


@pytest.mark.parametrize("shape", SHAPES)
def test_a004_so_does_one_at_an_address_that_no_rule_names_and_by_a_script(shape: Shape, behind: Behind) -> None:
    wire = serve(behind(shape(logs_in(), CHUNKS, [])), environ_of("GET", "/api/token", FETCH))
    assert (wire.status, wire.header("content-type")) == (403, "application/problem+json")
    assert_only_the_cookie_went_out(wire)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_answer_to_a_head_request_is_no_way_round(shape: Shape, behind: Behind) -> None:
    wire = serve(behind(shape(logs_in(), CHUNKS, [])), environ_of("HEAD", "/login", NAVIGATION))
    assert (wire.status, wire.chunks) == (303, [])
    assert_only_the_cookie_went_out(wire)


@pytest.mark.parametrize("shape", SHAPES)
def test_anonymous_traffic_is_what_the_bare_app_sends(shape: Shape, behind: Behind) -> None:
    bare = serve(shape(CLEAN, CHUNKS, []), environ_of("GET", "/shop"))
    bodies: list[Body] = []
    gated = serve(behind(shape(CLEAN, CHUNKS, bodies)), environ_of("GET", "/shop"))
    assert (gated.status, gated.headers, gated.chunks) == (bare.status, bare.headers, bare.chunks)
    assert (gated.status, gated.headers, gated.body) == (200, CLEAN, SECRET)
    assert [body.closed for body in bodies] == [1]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_that_logs_in_who_needs_nothing_goes_out_with_a_pass(shape: Shape, behind: Behind) -> None:
    wire = serve(behind(shape(logs_in("wendy"), CHUNKS, [])), environ_of("POST", "/login", NAVIGATION, body=b"a=b"))
    assert (wire.status, wire.body) == (200, SECRET)
    cookies = [value.split("=")[0] for name, value in wire.headers if name.lower() == "set-cookie"]
    assert cookies == ["session", "2fa-pass-test-shop"]


def two_heads(first: list[tuple[str, str]], second: list[tuple[str, str]], *, traps: bool) -> App:
    """An app with an error after its first bytes: it writes, and starts again with exc_info."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", first)
        write(b"clean")
        try:
            raise ValueError("in the middle")
        except ValueError:
            try:
                write = start_response("200 OK", second, sys.exc_info())
            except Exception:
                if not traps:
                    raise
        try:
            write(SECRET)
        except Exception:
            assert traps
        return [SECRET]

    return app


@pytest.mark.parametrize("traps", [False, True])
def test_a108_a_second_head_that_logs_somebody_in_lets_no_byte_of_its_body_out(behind: Behind, traps: bool) -> None:
    wire = serve(behind(two_heads(CLEAN, logs_in(), traps=traps), checked=False), environ_of("GET", "/shop"))
    assert type(wire.error).__name__ == "AnswerRefused"
    assert (wire.status, wire.body) == (200, b"clean")
    assert "secret" not in wire.everything().lower()


def test_a108_a_second_head_after_the_first_went_out_is_the_servers_to_refuse(behind: Behind) -> None:
    wire = serve(behind(two_heads(CLEAN, CLEAN, traps=False), checked=False), environ_of("GET", "/shop"))
    assert (type(wire.error), str(wire.error)) == (ValueError, "in the middle")
    assert wire.body == b"clean"


def test_a108_after_a_second_head_that_cannot_be_looked_at_nothing_goes_out_under_the_first(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", CLEAN)
        write(b"clean")
        try:
            raise ValueError("in the middle")
        except ValueError:
            with pytest.raises(ValueError, match="invalid literal"):
                start_response("no status", logs_in(), sys.exc_info())
        write(SECRET)
        return []

    wire = serve(behind(app, checked=False), environ_of("GET", "/shop"))
    assert (wire.status, wire.body) == (200, b"clean")


def test_an_app_that_goes_on_after_the_servers_own_refusal_is_let_go_on(behind: Behind) -> None:
    app = two_heads(CLEAN, CLEAN, traps=True)
    bare, gated = serve(app, environ_of()), serve(behind(app), environ_of())
    assert (gated.error, gated.headers, gated.chunks) == (None, bare.headers, [b"clean", SECRET, SECRET])
    assert gated.chunks == bare.chunks


def test_a108_after_a_refused_second_head_no_hint_goes_out(behind: Behind) -> None:
    hints: list[object] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for part in two_heads(CLEAN, logs_in(), traps=True)(environ, start_response):
            environ["wsgi.early_hints"]([("Link", part.decode())])
        return []

    wire = serve(behind(app, checked=False), environ_of(**{"wsgi.early_hints": hints.append}))
    assert (type(wire.error).__name__, wire.body, hints) == ("AnswerRefused", b"clean", [])


def test_a108_a_body_that_goes_on_after_its_second_head_was_refused_is_cut_off(behind: Behind) -> None:
    closed: list[Body] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def made() -> Iterator[bytes]:
            start_response("200 OK", CLEAN)
            yield b"clean"
            try:
                raise ValueError("in the middle")
            except ValueError:
                try:
                    start_response("200 OK", logs_in(), sys.exc_info())
                except Exception:
                    yield SECRET

        closed.append(Body(made()))
        return closed[0]

    wire = serve(behind(app, checked=False), environ_of("GET", "/shop"))
    assert type(wire.error).__name__ == "AnswerRefused"
    assert (wire.body, closed[0].closed) == (b"clean", 1)


def test_a108_a_head_is_looked_at_anew_after_an_earlier_one_was_found_clean(behind: Behind) -> None:
    """The first head has passed and waits for its first byte when the app starts again."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", CLEAN)

        def made() -> Iterator[bytes]:
            try:
                raise ValueError("before the first byte")
            except ValueError:
                start_response("200 OK", logs_in(), sys.exc_info())
            yield SECRET

        return made()

    wire = serve(behind(app, checked=False), environ_of("GET", "/shop"))
    assert type(wire.error).__name__ == "AnswerRefused"
    assert (wire.status, wire.body) == (0, b"")


def test_a108_a_refused_head_is_not_made_good_by_a_clean_one(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", logs_in())
        write(SECRET)
        try:
            raise ValueError("after the refusal")
        except ValueError:
            write = start_response("200 OK", CLEAN, sys.exc_info())
        write(SECRET)
        return [SECRET]

    wire = serve(behind(app), environ_of("GET", "/shop", NAVIGATION))
    assert wire.status == 303
    assert_only_the_cookie_went_out(wire)


def test_of_two_heads_before_the_first_byte_the_last_one_counts(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", logs_in())
        try:
            raise ValueError("the page could not be made")
        except ValueError:
            start_response("500 Internal Server Error", CLEAN, sys.exc_info())
        return [b"sorry"]

    wire = serve(behind(app), environ_of("GET", "/shop"))
    assert (wire.status, wire.headers, wire.body) == (500, CLEAN, b"sorry")


@pytest.mark.parametrize("late", [False, True])
def test_a108_a_second_start_without_exc_info_is_an_error_of_the_app(behind: Behind, late: bool) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", CLEAN)
        if late:
            write(b"clean")
        start_response("200 OK", logs_in())
        return [SECRET]

    wire = serve(behind(app), environ_of("GET", "/shop"))
    assert isinstance(wire.error, RuntimeError)
    assert wire.body == (b"clean" if late else b"")


def test_a_list_of_headers_that_changes_after_it_was_looked_at_changes_nothing(behind: Behind) -> None:
    headers = list(CLEAN)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", headers)

        def made() -> Iterator[bytes]:
            headers.extend(logs_in())
            yield SECRET

        return made()

    wire = serve(behind(app), environ_of("GET", "/shop"))
    assert (wire.headers, wire.body) == (CLEAN, SECRET)


def test_early_hints_wait_for_the_head(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.early_hints"]([("Link", "</secret.css>; rel=preload")])
        start_response("200 OK", logs_in(environ["PATH_INFO"].strip("/")))
        return [SECRET]

    for user in ("erin", "wendy"):
        hints: list[object] = []
        wire = serve(behind(app), environ_of("GET", f"/{user}", **{"wsgi.early_hints": hints.append}))
        assert wire.error is None
        assert hints == ([[("Link", "</secret.css>; rel=preload")]] if user == "wendy" else [])


def test_hints_after_the_head_go_straight_to_the_server(behind: Behind) -> None:
    hints: list[object] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", CLEAN)
        write(b"first")
        environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
        return [str(len(hints)).encode()]

    wire = serve(behind(app), environ_of(**{"wsgi.early_hints": hints.append}))
    assert wire.body == b"first1"


def test_where_the_server_has_no_early_hints_the_app_is_given_none(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", CLEAN)
        return [str("wsgi.early_hints" in environ).encode()]

    assert serve(behind(app), environ_of()).body == b"False"


def test_an_app_that_never_starts_gets_no_body_out(behind: Behind) -> None:
    body = Body([b"", SECRET])
    wire = serve(behind(lambda environ, start_response: body, checked=False), environ_of())
    assert isinstance(wire.error, RuntimeError)
    assert (wire.status, wire.chunks, body.closed) == (0, [], 1)


def test_an_app_that_never_starts_and_sends_nothing_is_the_servers_affair(behind: Behind) -> None:
    body = Body([])
    wire = serve(behind(lambda environ, start_response: body, checked=False), environ_of())
    assert (type(wire.error), str(wire.error)) == (AssertionError, "write() before start_response()")
    assert body.closed == 1


@pytest.mark.parametrize("starts", [False, True])
def test_what_the_app_raises_reaches_the_server_and_nothing_of_its_head_does(behind: Behind, starts: bool) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if starts:
            start_response("200 OK", logs_in("wendy"))
        raise ZeroDivisionError

    wire = serve(behind(app), environ_of())
    assert (type(wire.error), wire.status) == (ZeroDivisionError, 0)


@pytest.mark.parametrize("starts", [False, True])
def test_what_a_body_raises_reaches_the_server_and_it_is_closed(behind: Behind, starts: bool) -> None:
    bodies: list[Body] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def made() -> Iterator[bytes]:
            if starts:
                start_response("200 OK", logs_in("wendy"))
            raise ZeroDivisionError
            yield b"never"

        bodies.append(Body(made()))
        return bodies[0]

    wire = serve(behind(app), environ_of())
    assert (type(wire.error), wire.status, bodies[0].closed) == (ZeroDivisionError, 0, 1)


def test_a_head_that_the_server_refuses_still_closes_the_body(behind: Behind) -> None:
    body = Body([SECRET])

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", CLEAN)
        return body

    def refuses(status: str, headers: Any, exc_info: Any = None) -> Any:
        raise ValueError("no such header")

    with pytest.raises(ValueError, match="no such header"):
        behind(app, checked=False)(environ_of(), refuses)
    assert (body.closed, body.pulled) == (1, 0)


def test_a_body_that_cannot_be_iterated_is_closed(behind: Behind) -> None:
    class Broken(Body):
        def __iter__(self) -> Iterator[bytes]:
            raise ZeroDivisionError

    body = Broken([])
    wire = serve(behind(lambda environ, start_response: body, checked=False), environ_of())
    assert (type(wire.error), body.closed) == (ZeroDivisionError, 1)


def test_a108_a_body_that_is_never_iterated_is_closed_once(behind: Behind) -> None:
    bodies: list[Body] = []
    gated: Any = behind(starts_late(CLEAN, CHUNKS, bodies), checked=False)(environ_of(), Wire().start_response)
    gated.close()
    gated.close()
    assert (bodies[0].pulled, bodies[0].closed) == (0, 1)


def test_an_app_that_starts_between_empty_chunks_is_looked_at_too(behind: Behind) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        yield b""
        start_response("200 OK", logs_in())
        yield b""
        yield SECRET

    assert_only_the_cookie_went_out(serve(behind(app, checked=False), environ_of("GET", "/shop", NAVIGATION)))


def test_a_request_that_is_refused_never_reaches_the_app(behind: Behind) -> None:
    called: list[object] = []
    cookie = f"session={session_cookie('erin', 'login-9')}"
    wire = serve(behind(lambda *got: called.append(got) or []), environ_of("GET", "/shop", [("Cookie", cookie)]))
    assert (wire.status, called) == (403, [])


def test_an_app_that_swallows_a_stop_while_its_head_is_looked_at_gets_nothing_out() -> None:
    out: list[object] = []

    class Stop(BaseException):
        """Such as a time-out of gevent."""

    def look(status: int, headers: object) -> None:
        raise Stop

    head = HeldHead(lambda *got: out.append(got) or out.append, look, lambda flow: b"", lambda headers: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(Stop):
        head("200 OK", CLEAN)(SECRET)
    for go_on in (head.settle, lambda: head.write(SECRET)):
        with pytest.raises(AnswerRefused, match="could not be looked at"):
            go_on()
    assert out == []
