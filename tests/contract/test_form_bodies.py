"""What the bodies of own forms may be. Attacks 43, 103, 104, 106."""

from __future__ import annotations

import pytest

from support.exchange import Body, Pairs, encoded
from support.stage import Stage
from support.visitor import Visitor

SITE: Pairs = [("Sec-Fetch-Mode", "navigate")]


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    return erin


def _gzip(form: bytes) -> bytes:
    import gzip

    return gzip.compress(form)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded, application/json",
        "application/x-www-form-urlencodedx",
    ],
)
def test_a104_only_a_plain_form_is_read(erin: Visitor, kind: str) -> None:
    form = erin.filled()
    headers = [("Content-Type", kind)] if kind else []
    cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in erin.cookies.items()))
    reply = erin.exchange.request("POST", "/2fa/verify", [*SITE, cookie, *headers], encoded(form))
    assert reply.status == 415


@pytest.mark.parametrize("coding", ["gzip", "identity", "deflate, gzip", ""])
def test_a104_no_coded_body_is_read(erin: Visitor, coding: str) -> None:
    form = erin.filled()
    reply = erin.send(form, [("Content-Encoding", coding)], _gzip(encoded(form)))
    assert (reply.status, erin.go("/home").status) == (415, 303)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED"]
)
def test_a_plain_form_may_be_named_in_other_ways(erin: Visitor, kind: str) -> None:
    form = erin.filled()
    cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in erin.cookies.items()))
    reply = erin.exchange.request("POST", "/2fa/verify", [("Content-Type", kind), cookie], encoded(form))
    assert reply.status == 303


@pytest.mark.parametrize(
    "extra",
    ["&code=1", "&token=x", "&next=/&next=/", "&a=1" * 40, "&x=%ff", "&\xff=1", "&x=%C3%28", "&" * 5000, "&a" * 33],
)
def test_a043_a104_a_form_that_can_be_read_in_two_ways_is_refused(erin: Visitor, extra: str) -> None:
    body = encoded(erin.filled()) + extra.encode("latin-1")
    reply = erin.send({}, SITE, body)
    assert (reply.status, erin.go("/home").status) == (400, 303)


@pytest.mark.parametrize("body", ["{}", "[" * 8000, '{"code":{"a":1}}', "code[a]=1&code[b]=2", "%", "=", "\0", "a;b=c"])
def test_a104_what_is_no_form_of_ours_passes_nobody(erin: Visitor, body: str) -> None:
    erin.filled()
    reply = erin.send({}, SITE, body.encode())
    assert reply.status in (400, 403)


@pytest.mark.parametrize("size", [8193, 100_000])
def test_a103_a_form_of_more_than_8_kb_is_not_read(erin: Visitor, size: int, adapter: str) -> None:
    form = encoded(erin.filled())
    whole = form + b"&x=" + b"x" * (size - len(form) - 3)
    for body in (whole, [whole[:4000], whole[4000:]], [whole[n : n + 1000] for n in range(0, size, 1000)]):
        reply = erin.send({}, SITE, body)  # type: ignore[arg-type]
        assert reply.status == 413
        # Under WSGI connections are the server's business; under ASGI what is left unread must not become a request.
        assert reply.header("connection") == {"wsgi": None, "asgi": "close"}[adapter]
    assert erin.go("/home").status == 303


def test_a_form_of_8_kb_is_read(erin: Visitor) -> None:
    form = encoded(erin.filled())
    assert erin.send({}, SITE, form + b"&x=" + b"x" * (8192 - len(form) - 3)).status == 303


@pytest.mark.parametrize("length", ["9" * 10, "9" * 5000, "x", "-1", "1e3", "0x10", "+5", "8193"])
def test_a103_the_length_alone_is_reason_to_refuse(erin: Visitor, length: str, adapter: str) -> None:
    form = erin.filled()
    if adapter == "wsgi" and not length.isdigit():
        length = "8193"  # no server hands an environ on whose length is no number, and wsgiref's validator stops it
    if adapter == "wsgi" and len(length) > 4000:
        length = "9" * 4000
    reply = erin.send(form, [*SITE, ("Content-Length", length)])
    assert reply.status == (413 if length.isdigit() else 400)


def test_a_form_in_chunks_is_read_and_one_without_an_end_is_not(erin: Visitor, adapter: str) -> None:
    form = encoded(erin.filled())
    assert erin.send({}, SITE, [form[:50], None]).status == {"wsgi": 400, "asgi": 0}[adapter]
    if adapter == "wsgi":
        assert erin.send({}, SITE, [form], server={"wsgi.input_terminated": False}).status == 411
    assert erin.send({}, SITE, [form[:50], form[50:]]).status == 303


def test_a_body_that_is_shorter_than_its_length_is_refused(erin: Visitor, adapter: str) -> None:
    form = encoded(erin.filled())
    body: Body = form if adapter == "wsgi" else [form, None]
    length = [("Content-Length", str(len(form) + 1))]
    assert erin.send({}, [*SITE, *length], body).status == {"wsgi": 400, "asgi": 0}[adapter]
    assert erin.go("/home").status == 303
