"""How the entry asks the project, in both colours: what is no answer, and what the question has of the request."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import AppUnreadable
from twofa_middleware.http import Request
from twofa_middleware.program import AppAnswer, AskApp

COOKIE = ((b"cookie", b"sessionid=abc"),)
ENVIRON = {
    "REQUEST_METHOD": "POST", "PATH_INFO": "/orders/", "QUERY_STRING": "a=1", "CONTENT_LENGTH": "3", "HTTP_HOST": "shop",
    "HTTP_COOKIE": "sessionid=abc; 2fa-pass=x", "HTTP_X_OTHER": "1", "REMOTE_ADDR": "192.0.2.1", "REMOTE_USER": "erin",
}  # fmt: skip
SCOPE = {
    "type": "http", "method": "POST", "path": "/orders/", "query_string": b"a=1", "client": ("192.0.2.1", 1),
    "headers": [(b"host", b"shop"), (b"cookie", b"sessionid=abc; 2fa-pass=x"), (b"x-other", b"1")],
}  # fmt: skip
Told = Callable[..., AppAnswer]


@pytest.fixture(params=["wsgi", "asgi"])
def told(request: pytest.FixtureRequest, shop: Path) -> Iterator[Told]:
    """``told(view, path="/me/?x=1", …)``: what the view answers to the question; keywords are those of ``AskApp``."""
    from django.core.handlers.asgi import ASGIRequest
    from django.core.handlers.wsgi import WSGIRequest

    from twofa_middleware_django.asking import Asking

    runner = asyncio.Runner()

    def answered(view: Callable[[Any], Any], path: str = "/me/?x=1", **more: Any) -> AppAnswer:
        kept = more.pop("kept", KeptCookies())
        is_asgi = request.param == "asgi"
        server: dict[str, Any] = SCOPE if is_asgi else ENVIRON
        headers = ((b"host", b"shop"), *COOKIE)
        sent = Request("http", "POST", "", "/orders/", None, b"a=1", headers, server, 1_800_000_000)
        ask = AskApp(sent, path, COOKIE, **more)
        if not is_asgi:
            return Asking(view).answer(ask, WSGIRequest, kept, copy_context())

        async def in_async(made: Any) -> Any:
            return await asyncio.to_thread(view, made)

        return runner.run(Asking(in_async).answer_async(ask, ASGIRequest, kept, copy_context()))

    yield answered
    runner.close()


def test_the_question_has_what_the_server_says_and_nothing_of_the_requests_own(told: Told) -> None:
    from django.http import JsonResponse

    def view(made: Any) -> Any:
        facts = {
            "method": made.method,
            "path": made.get_full_path(),
            "cookies": made.COOKIES,
            "body": made.body.decode(),
        }
        return JsonResponse(facts | {"other": "X-Other" in made.headers, "ip": made.META["REMOTE_ADDR"]})

    answer = told(view)
    assert answer.status == 200
    assert answer.body == (
        b'{"method": "GET", "path": "/me/?x=1", "cookies": {"sessionid": "abc"}, "body": "", "other": false, '
        b'"ip": "192.0.2.1"}'
    )
    assert (b"content-type", b"application/json") in answer.headers


def test_a020_what_is_no_answer_is_nobody_s_login(told: Told) -> None:
    from django.http import HttpResponse, StreamingHttpResponse

    def fails(made: Any) -> Any:
        raise LookupError

    with pytest.raises(AppUnreadable, match="LookupError"):
        told(fails)
    with pytest.raises(AppUnreadable, match="by a stream"):
        told(lambda made: StreamingHttpResponse([b"x"]))
    with pytest.raises(AppUnreadable, match="more than 10 bytes"):
        told(lambda made: HttpResponse(b"x" * 11), limit_bytes=10)


def test_a020_what_comes_too_late_is_not_believed(told: Told) -> None:
    from django.http import HttpResponse

    def slow(made: Any) -> Any:
        time.sleep(0.2)
        return HttpResponse(b"late")

    with pytest.raises(AppUnreadable, match=r"longer than 0\.05 s"):
        told(slow, limit_seconds=0.05)


def test_a_cookie_that_the_page_rotates_is_kept(told: Told) -> None:
    from django.http import HttpResponse

    def rotates(made: Any) -> Any:
        response = HttpResponse(b"{}")
        response.set_cookie("sessionid", "new")
        response.set_cookie("theme", "dark")
        return response

    kept = KeptCookies()
    told(rotates, kept=kept, keep_cookies=frozenset({b"sessionid"}))
    assert [line.partition(b";")[0] for _, line in kept.lines] == [b"sessionid=new"]


def test_no_signal_says_that_a_request_has_ended(told: Told) -> None:
    from django.core.signals import request_finished, request_started
    from django.http import HttpResponse

    heard: list[object] = []

    def hear(**more: Any) -> None:
        heard.append(more["signal"])

    for signal in (request_started, request_finished):
        signal.connect(hear)
    told(lambda made: HttpResponse(b"{}"))
    for signal in (request_started, request_finished):
        signal.disconnect(hear)
    assert heard == []


def test_a_credential_is_asked_about_one_at_a_time_and_those_who_wait_share(shop: Path) -> None:
    from django.core.handlers.wsgi import WSGIRequest
    from django.http import HttpResponse

    from twofa_middleware_django.asking import Asking

    goes_on, calls = threading.Event(), []

    def view(made: Any) -> Any:
        calls.append(made.path)
        goes_on.wait(20)
        return HttpResponse(b"{}")

    sent = Request("http", "GET", "", "/", None, b"", COOKIE, ENVIRON, 1_800_000_000)
    ask, asking, answers = AskApp(sent, "/me/", COOKIE, turn=b"abc", limit_seconds=20), Asking(view), []

    def run() -> None:
        answers.append(asking.answer(ask, WSGIRequest, KeptCookies(), copy_context()).status)

    threads = [threading.Thread(target=run) for _ in range(5)]
    threads[0].start()
    while not calls:
        time.sleep(0.01)
    for thread in threads[1:]:
        thread.start()
    while asking._turns._turns[b"abc"].visitors < 5:
        time.sleep(0.01)
    goes_on.set()
    for thread in threads:
        thread.join(20)
    assert (answers, len(calls)) == ([200] * 5, 2)
