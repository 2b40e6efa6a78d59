"""Questions to a WSGI app: what it gets, what counts as an answer, and that nobody gets an answer from before."""

from __future__ import annotations

import contextvars
import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any
from wsgiref.validate import validator

import pytest

from support.wsgi_apps import SHAPES, Body, Shape
from support.wsgi_wire import App, Pairs, environ_of
from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import AppUnreadable
from twofa_middleware.program import AppAnswer, AskApp
from twofa_middleware_wsgi.asking import Asking
from twofa_middleware_wsgi.translate import read_request

TEXT = [("Content-Type", "text/plain")]
OUTER = {
    "REMOTE_ADDR": "192.0.2.7",
    "REMOTE_PORT": "4711",
    "REMOTE_USER": "erin",
    "RAW_URI": "/shop/upload?b=2",
    "SCRIPT_NAME": "/shop",
    "wsgi.url_scheme": "https",
    "wsgi.file_wrapper": lambda file: file,
    "wsgi.early_hints": lambda hints: None,
    "gunicorn.socket": object(),
    "layer.session": {"user": "erin"},
}
PLAIN = {key: value for key, value in OUTER.items() if key != "layer.session"}
SENT = [
    ("Host", "shop.example"),
    ("Range", "bytes=0-1"),
    ("Content-Type", "application/json"),
    ("Cookie", "a=1; 2fa-pass-test-shop=x"),
]


def question(path: str = "/api/me?a=%2F", outer: dict[str, Any] = OUTER, **more: Any) -> AskApp:
    environ = environ_of("PUT", "/upload?b=2", SENT, body=b"{}", **outer)
    return AskApp(read_request(environ, 1), path, ((b"cookie", b"a=1"), (b"accept", b"application/json")), **more)


def told(app: App, ask: AskApp | None = None, *, checked: bool = True) -> AppAnswer:
    asking = Asking(validator(app) if checked else app)  # type: ignore[arg-type]
    return asking.answer(ask or question(), KeptCookies(), contextvars.copy_context())


class Seen:
    """An app that keeps the environ of its last request."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.body = b"?"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.body = environ["wsgi.input"].read(-1)
        self.environ = dict(environ)
        environ.get("layer.session", {})["user"] = "nobody"
        start_response("200 OK", TEXT)
        return [b"told"]


def test_the_app_gets_the_question_and_where_it_comes_from() -> None:
    app = Seen()
    ask = question()
    told(app, ask)
    environ = app.environ
    assert {key: value for key, value in environ.items() if key.startswith("HTTP_")} == {
        "HTTP_HOST": "shop.example",
        "HTTP_COOKIE": "a=1",
        "HTTP_ACCEPT": "application/json",
    }
    assert (environ["REQUEST_METHOD"], environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("GET", "/shop", "/api/me")
    assert (environ["QUERY_STRING"], environ["RAW_URI"]) == ("a=%2F", "/shop/api/me?a=%2F")
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("192.0.2.7", "https")
    for other in ("CONTENT_LENGTH", "CONTENT_TYPE", "wsgi.file_wrapper", "wsgi.early_hints", "gunicorn.socket"):
        assert other not in environ
    assert app.body == b""


def test_what_layers_outside_say_of_the_user_is_said_to_the_app_as_with_the_request_itself() -> None:
    app = Seen()
    ask = question()
    told(app, ask)
    assert app.environ["REMOTE_USER"] == "erin"
    assert ask.request.server["layer.session"] == {"user": "erin"}  # what the app does to it is done to a copy


def test_a_post_has_no_body_and_says_so() -> None:
    app = Seen()
    told(app, question(method="POST"))
    assert (app.environ["REQUEST_METHOD"], app.environ["CONTENT_LENGTH"], app.body) == ("POST", "0", b"")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_app_is_heard_whole_and_closed_once(shape: Shape) -> None:
    bodies: list[Body] = []
    answer = told(shape([*TEXT, ("X-One", "a"), ("X-One", "b")], [b"one, ", b"two"], bodies), checked=False)
    assert answer == AppAnswer(200, ((b"content-type", b"text/plain"), (b"x-one", b"a"), (b"x-one", b"b")), b"one, two")
    assert [body.closed for body in bodies] == [1]


def raises(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    raise LookupError("no page")


def raises_late(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    yield b"half"
    raise LookupError("no page")


def raises_at_the_end(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    class Closing(Body):
        def close(self) -> None:
            raise LookupError("no end")

    start_response("200 OK", TEXT)
    return Closing([b"told"])


def says_nothing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return []


def has_no_head(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return [b"told"]


def starts_twice(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    start_response("401 Unauthorized", TEXT)
    return [b"told"]


def starts_twice_and_goes_on(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    try:
        start_response("401 Unauthorized", TEXT)
    except Exception:
        return [b"told"]
    return []


def starts_again_after_its_first_byte(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    write = start_response("200 OK", TEXT)
    write(b"told")
    try:
        raise LookupError
    except LookupError as error:
        start_response("401 Unauthorized", TEXT, (LookupError, error, error.__traceback__))
    return []


def never_ends(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    while True:
        yield b"x" * 1000


def has_an_odd_status(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("OK", TEXT)
    return [b"told"]


FAULTS = [
    raises,
    raises_late,
    raises_at_the_end,
    says_nothing,
    has_no_head,
    starts_twice,
    starts_twice_and_goes_on,
    starts_again_after_its_first_byte,
    never_ends,
    has_an_odd_status,
]


@pytest.mark.parametrize("app", FAULTS)
def test_a020_an_app_that_does_not_answer_as_it_should_is_unreadable(app: App) -> None:
    with pytest.raises(AppUnreadable):
        told(app, checked=False)


def test_a_body_may_be_as_large_as_the_limit() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return [b"x" * 10]

    assert told(app, question(limit_bytes=10)).body == b"x" * 10
    with pytest.raises(AppUnreadable):
        told(app, question(limit_bytes=9))


def test_an_answer_that_comes_too_late_is_unreadable() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(0.02)
        start_response("200 OK", TEXT)
        return [b"told"]

    with pytest.raises(AppUnreadable, match="longer"):
        told(app, question(limit_seconds=0.01))


def test_an_order_to_end_the_process_goes_on() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        told(app, checked=False)


def test_what_the_app_has_in_its_context_for_the_request_does_not_answer_the_question() -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen = who.get()
        who.set("asked")
        start_response("200 OK", TEXT)
        return [seen.encode()]

    def in_the_app() -> tuple[bytes, str]:
        context = contextvars.copy_context()  # as the gate takes it, before the app is called
        who.set("erin")
        return Asking(app).answer(question(), KeptCookies(), context).body, who.get()

    assert contextvars.Context().run(in_the_app) == (b"nobody", "erin")


# ---- whose turn it is -----------------------------------------------------------------------------------------------


class Slow:
    """An app of which each answer waits for ``go``, and says who was logged in when it was asked."""

    def __init__(self) -> None:
        self.user, self.calls, self.at_once, self.most = "erin", 0, 0, 0
        self.is_asked, self.go = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        user = self.user
        self.calls, self.at_once = self.calls + 1, self.at_once + 1
        self.most = max(self.most, self.at_once)
        self.is_asked.set()
        assert self.go.wait(20)
        self.at_once -= 1
        start_response("200 OK", TEXT)
        return [user.encode()]


class Askers:
    """Threads that ask, each with the answer that it got."""

    def __init__(self, app: Slow) -> None:
        self.asking = Asking(app)
        self.answers: dict[str, bytes | str] = {}
        self._threads: list[threading.Thread] = []

    def ask(self, name: str, **more: Any) -> None:
        def run() -> None:
            ask = question(turn=b"s1", limit_seconds=10, **{"outer": PLAIN} | more)
            try:
                self.answers[name] = self.asking.answer(ask, KeptCookies(), contextvars.copy_context()).body
            except AppUnreadable as error:
                self.answers[name] = str(error)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def wait_for(self, number: int) -> None:
        """Until so many have come."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if sum(turn.visitors for turn in list(self.asking._turns._turns.values())) == number:
                return
            time.sleep(0.001)
        raise AssertionError("they have not come")

    def end(self) -> dict[str, bytes | str]:
        for thread in self._threads:
            thread.join(20)
        assert self.asking._turns._turns == {}
        return self.answers


def test_nobody_gets_an_answer_that_was_begun_before_and_those_who_wait_share_one() -> None:
    app = Slow()
    askers = Askers(app)
    askers.ask("first")
    assert app.is_asked.wait(20)
    for name in ("second", "third", "fourth"):
        askers.ask(name)
    askers.wait_for(4)
    app.user = "wendy"
    app.go.set()
    answers = askers.end()
    assert answers == {"first": b"erin", "second": b"wendy", "third": b"wendy", "fourth": b"wendy"}
    assert (app.calls, app.most) == (2, 1)


def test_those_who_wait_for_different_questions_ask_each_their_own_one_at_a_time() -> None:
    app = Slow()
    askers = Askers(app)
    askers.ask("first")
    assert app.is_asked.wait(20)
    askers.ask("second")
    askers.ask("third", path="/api/other")
    askers.ask("fourth", method="POST")
    askers.ask("fifth", outer=PLAIN | {"REMOTE_USER": "wendy"})
    askers.ask("sixth", outer=OUTER)
    askers.wait_for(6)
    app.go.set()
    askers.end()
    assert (app.calls, app.most) == (6, 1)


def test_who_waits_too_long_is_told_so() -> None:
    app = Slow()
    askers = Askers(app)
    askers.ask("first")
    assert app.is_asked.wait(20)
    ask = question(turn=b"s1", limit_seconds=0.01)
    with pytest.raises(AppUnreadable, match="too long"):
        askers.asking.answer(ask, KeptCookies(), contextvars.copy_context())
    app.go.set()
    assert askers.end() == {"first": b"erin"}


def test_other_credentials_do_not_wait() -> None:
    app = Slow()
    askers = Askers(app)
    askers.ask("first")
    assert app.is_asked.wait(20)
    app.go.set()
    other = askers.asking.answer(question(turn=b"s2", limit_seconds=10), KeptCookies(), contextvars.copy_context())
    assert (other.body, askers.end()) == (b"erin", {"first": b"erin"})


def test_a_question_in_the_middle_of_a_request_leaves_alone_what_the_app_keeps_for_the_thread() -> None:
    keeps: dict[int, str] = {}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """As Radicale does with its log: one entry a thread, and never two."""
        keeps[threading.get_ident()] = environ["PATH_INFO"]
        start_response("200 OK", TEXT)
        del keeps[threading.get_ident()]
        return [b"told"]

    asking = Asking(app)  # type: ignore[arg-type]
    keeps[threading.get_ident()] = "/upload"
    with asking.app_is_at_work():
        assert asking.answer(question(), KeptCookies(), contextvars.copy_context()).body == b"told"
    assert keeps == {threading.get_ident(): "/upload"}


def test_a_question_that_waits_for_what_the_request_holds_is_given_up() -> None:
    held = threading.Lock()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with held:
            start_response("200 OK", TEXT)
        return [b"told"]

    asking = Asking(app)  # type: ignore[arg-type]
    with held, asking.app_is_at_work(), pytest.raises(AppUnreadable, match="longer than"):
        asking.answer(question(limit_seconds=0.05), KeptCookies(), contextvars.copy_context())


def test_the_input_of_the_request_is_left_unread() -> None:
    body = io.BytesIO(b"content")
    request = read_request(environ_of("POST", "/", **{"wsgi.input": body}), 1)
    told(Seen(), AskApp(request, "/api/me", ()))
    assert body.read() == b"content"


def test_pairs_are_strings_of_bytes() -> None:
    headers: Pairs = [("X-Name", "\xe9")]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [*TEXT, *headers])
        return []

    assert (b"x-name", b"\xe9") in told(app).headers
