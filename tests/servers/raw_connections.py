"""Connections that go on after a refused request: what is sent, piece by piece. ``/smuggled`` is never to reach the app.

A step is bytes with the marks of ``Sender.fill``, sent at once, or one of the words below.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Wait(Enum):
    """ANSWER: for the next answer, or for a while, since some servers want the body first. CALL: until the app is called,
    or for a while, since some call it when the body is whole. END: the client has nothing more to say."""

    ANSWER = "answer"
    CALL = "call"
    END = "end"


@dataclass(frozen=True)
class Drip:
    """Bytes that come one after the other."""

    bytes_sent: bytes


Steps = tuple[bytes | Drip | Wait, ...]

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
HIDDEN_WITH_COOKIE = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\nCookie: <C>\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(HIDDEN)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(HIDDEN), HIDDEN)
LAST = b"0\r\n\r\n"
EXPECT = b"Expect: 100-continue\r\n"
UPGRADE = (
    b"GET /shop HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://localhost:8000\r\nCookie: <C>\r\n\r\n"
)
FRAME = b"\x81\x85\x00\x00\x00\x00hello"  # a text, masked with nothing


def post(framing: bytes, target: bytes = b"/shop", cookie: bytes = b"Cookie: <C>\r\n") -> bytes:
    form = b"Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
    return b"POST %b HTTP/1.1\r\nHost: localhost\r\n%b%b%b\r\n" % (target, cookie, form, framing)


GET = b"GET /shop HTTP/1.1\r\nHost: localhost\r\nCookie: <C>\r\n\r\n"
FORM = b"/2fa/verify"

REFUSED: dict[str, Steps] = {
    "pipelined": (GET + post(LENGTH) + HIDDEN + GET + NEXT,),
    "pipelined, in chunks": (GET + post(CHUNKED) + CHUNK + LAST + GET + NEXT,),
    "a form, pipelined": (post(LENGTH, FORM) + HIDDEN + post(CHUNKED, FORM) + CHUNK + LAST + NEXT,),
    "dripping": (post(LENGTH), Drip(HIDDEN), NEXT),
    "dripping, in chunks": (post(CHUNKED), Drip(CHUNK + LAST), NEXT),
    "a form, dripping": (post(LENGTH, FORM), Drip(HIDDEN), NEXT),
    "a dripping head": (Drip(post(LENGTH)[:60]), post(LENGTH)[60:] + HIDDEN, Wait.ANSWER, NEXT),
    "half-closed": (post(LENGTH) + HIDDEN, Wait.END),
    "half-closed in the body": (post(LENGTH) + HIDDEN[:20], Wait.END),
    "a form, half-closed in the body": (post(LENGTH, FORM) + HIDDEN[:20], Wait.END),
    "trailers like a request": (post(CHUNKED) + b"1\r\nx\r\n0\r\n" + HIDDEN, Wait.ANSWER, NEXT),
    "trailers of a form": (post(CHUNKED, FORM) + b"1\r\nx\r\n0\r\n" + HIDDEN, Wait.ANSWER, NEXT),
    "trailers after the answer": (post(CHUNKED) + b"1\r\nx\r\n", Wait.ANSWER, b"0\r\n" + HIDDEN, NEXT),
    "a length longer than the body": (post(b"Content-Length: 5000\r\n") + HIDDEN + NEXT, Wait.ANSWER, Wait.END),
    "a form's length longer than the body": (post(b"Content-Length: 5000\r\n", FORM) + HIDDEN + NEXT, Wait.END),
    "a length shorter than the body": (post(b"Content-Length: 2\r\n") + b"xx" + HIDDEN_WITH_COOKIE + NEXT,),
    "a form's length shorter than the body": (
        post(b"Content-Length: 2\r\n", FORM) + b"xx" + HIDDEN_WITH_COOKIE + NEXT,
    ),
    "chunks shorter than the body": (post(CHUNKED) + b"2\r\nxx\r\n0\r\n\r\n" + HIDDEN_WITH_COOKIE + NEXT,),
    "expecting": (post(EXPECT + LENGTH), Wait.ANSWER, HIDDEN, NEXT),
    "expecting, in chunks": (post(EXPECT + CHUNKED), Wait.ANSWER, CHUNK + LAST, NEXT),
    "a form, expecting": (post(EXPECT + LENGTH, FORM), Wait.ANSWER, HIDDEN, NEXT),
    "expecting, and not waiting": (post(EXPECT + LENGTH) + HIDDEN + NEXT,),
    "a socket, then a request": (UPGRADE + HIDDEN_WITH_COOKIE, Wait.ANSWER, HIDDEN_WITH_COOKIE + NEXT),
    "a socket, then frames": (UPGRADE, Wait.ANSWER, FRAME + HIDDEN_WITH_COOKIE, Wait.END),
    "a socket with a body": (UPGRADE.replace(b"Cookie", LENGTH + b"Cookie") + HIDDEN, Wait.ANSWER, Wait.END),
}

BY_NOBODY: dict[str, Steps] = {
    "a cookie in late trailers": (
        post(CHUNKED + b"Trailer: Cookie\r\n", cookie=b"") + b"1\r\nx\r\n",
        Wait.CALL,
        b"0\r\nCookie: <C>\r\n\r\n" + NEXT,
    ),
    "a cookie in late trailers of an exempt path": (
        b"GET /static/x HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + b"\r\n1\r\nx\r\n",
        Wait.CALL,
        b"0\r\nCookie: <C>\r\n\r\n" + NEXT,
    ),
    "a cookie in the trailers at once": (post(CHUNKED, cookie=b"") + b"1\r\nx\r\n0\r\nCookie: <C>\r\n\r\n" + NEXT,),
}
