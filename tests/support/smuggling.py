"""Refused requests whose body looks like a request of its own, on a connection that goes on. Attack 106."""

from __future__ import annotations

import time

from support.realm import ORIGIN, session_cookie
from support.servers import Server, read_all, read_answer

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ERIN = f"Cookie: session={session_cookie('erin', 'login-9')}\r\n".encode()
FORM = (
    b"Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"
    + f"Origin: {ORIGIN}\r\n".encode()
)
FILL = b"x" * 20_000

BODIES = {
    "with a length": (b"Content-Length: %d\r\n" % len(HIDDEN), HIDDEN),
    "in chunks": (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    "larger than a form may be": (b"Content-Length: %d\r\n" % len(FILL + HIDDEN), FILL + HIDDEN),
    "larger than a form may be, in chunks": (
        b"Transfer-Encoding: chunked\r\n",
        b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(FILL), FILL, len(HIDDEN), HIDDEN),
    ),
}
TARGETS = ["/shop", "/2fa/verify", "/2fa/account", "/2fa/nothing"]


def sent_at_once(server: Server, target: str, framing: bytes, body: bytes, cookie: bytes = ERIN) -> bytes:
    """All in one go: the refused request, its body, and the next request."""
    with server.connect() as connection:
        connection.sendall(head(target, framing, cookie) + body + NEXT)
        return read_all(connection)


def sent_after_the_answer(server: Server, target: str, framing: bytes, body: bytes, cookie: bytes = ERIN) -> bytes:
    """The body only when the answer is there, or when none comes before the body."""
    with server.connect() as connection:
        connection.sendall(head(target, framing, cookie))
        connection.settimeout(0.2)
        try:
            first = read_answer(connection)
        except TimeoutError:
            first = b""
        connection.settimeout(20)
        try:
            connection.sendall(body)
            time.sleep(0.05)
            connection.sendall(NEXT)
        except ConnectionError:
            return first
        return first + read_all(connection)


def head(target: str, framing: bytes, cookie: bytes = ERIN) -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: localhost\r\n%b%b%b\r\n" % (target.encode(), cookie, FORM, framing)
