"""One realm behind every server at once, and the bytes of a request sent to each: what becomes of it there."""

from __future__ import annotations

import itertools
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from servers.commands import ASGI_DOOR, GATED, GRANIAN, HYPERCORN, UVICORN, WSGI_DOOR, Way
from servers.raw_connections import Drip, Steps, Wait
from servers.site import prepare, visitor_of
from support.realm import session_cookie
from support.servers import ANSWER_SECONDS, Server, calls_file, read_all, read_answer, running
from support.witness import Call, calls_of

WSGI, ASGI = "support.witness:wsgi", "support.witness:asgi"
SERVERS = {
    "gunicorn": Way((*GATED, "--worker-class=gthread", "--threads=4", WSGI)),
    "gevent": Way((*GATED, "--worker-class=gevent_pywsgi", WSGI)),
    "tornado": Way((*GATED, "--worker-class=tornado", WSGI)),
    "gunicorn asgi": Way((*GATED, "--worker-class=asgi", ASGI)),
    "waitress": Way(("waitress", "--listen=127.0.0.1:{port}", WSGI_DOOR), WSGI),
    "granian wsgi": Way((*GRANIAN, "--interface=wsgi", WSGI_DOOR), WSGI),
    "granian asgi": Way((*GRANIAN, "--interface=asgi", ASGI_DOOR), ASGI),
    "h11": Way((*UVICORN, "--http=h11"), ASGI),
    "httptools": Way((*UVICORN, "--http=httptools"), ASGI),
    "hypercorn": Way(HYPERCORN, ASGI),
    "hypercorn wsgi": Way(
        ("hypercorn", "--bind=127.0.0.1:{port}", "wsgi:twofa_middleware.wsgi:create_application()"), WSGI
    ),
}
Until = Literal["closed", "half-closed", "answered"]
"""When the client has heard enough: when the server hangs up; the same, after the client has nothing more to say; or after
one answer, where the server goes on waiting."""

PASS = "2fa-pass-test-shop"
NO_TOKEN = "A" * 43
WHILE_SECONDS, DRIP_SECONDS, SILENCE_SECONDS = 0.3, 0.1, 3
STARTED_AT_ONCE = 2  # each has to be there in time, also on a busy machine


@dataclass(frozen=True)
class Sender:
    """Who sends: ``user`` is whom the session names, if anybody; ``session`` and ``token`` are the cookies' values."""

    user: str
    session: str
    token: str

    @property
    def line(self) -> str:
        return f"session={self.session}; {PASS}={self.token}"

    def fill(self, raw: bytes, tag: str) -> bytes:
        """Cookies in the places of <C> (both), <S>, <P> (the values) and <N> (our cookie's name), and ``tag`` in <T>."""
        marks = {b"<C>": self.line, b"<S>": self.session, b"<P>": self.token, b"<N>": PASS, b"<T>": tag}
        for mark, text in marks.items():
            raw = raw.replace(mark, text.encode("ascii"))
        return raw


@dataclass(frozen=True)
class Outcome:
    """``who``: app (as this person), gate or server, by whom the request ended. ``status`` of the first answer, if any."""

    who: str
    status: int
    calls: tuple[Call, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether somebody other than the app has failed at it."""
        return not self.calls and self.status in (500, 502, 503, 504)


@dataclass(frozen=True)
class Everywhere:
    servers: Mapping[str, Server]
    senders: Mapping[str, Sender]

    def calls(self) -> list[Call]:
        """All calls on all servers."""
        return [call for server in self.servers.values() for call in calls_of(server.folder)]

    def talk(self, steps: Steps, sender: str) -> dict[str, tuple[bytes, list[Call]]]:
        """The same connection to each server by one sender. Server → all that it answers, and the calls of the app."""
        with ThreadPoolExecutor(len(self.servers)) as at_once:
            told = at_once.map(lambda server: talk(server, self.senders[sender], steps), self.servers.values())
            return dict(zip(self.servers, told, strict=True))

    def send(self, raw: bytes, until: Until) -> dict[str, dict[str, Outcome]]:
        """The same bytes to each server by each sender. Server → sender → outcome."""
        with ThreadPoolExecutor(len(self.servers)) as at_once:
            told = at_once.map(lambda server: self._by_each(server, raw, until), self.servers.values())
            return dict(zip(self.servers, told, strict=True))

    def _by_each(self, server: Server, raw: bytes, until: Until) -> dict[str, Outcome]:
        return {name: outcome(server, sender, raw, until) for name, sender in self.senders.items()}


_tags = itertools.count(1)


def outcome(server: Server, sender: Sender, raw: bytes, until: Until) -> Outcome:
    """What becomes of the bytes. A call counts if it has no User-Agent or that of this very request."""
    tag = f"tag-{next(_tags)}"
    before = calls_file(server.folder).stat().st_size
    with server.connect() as connection:
        try:
            connection.sendall(sender.fill(raw, tag))
            if until == "half-closed":
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has answered before all was sent
        answer = read_answer(connection) if until == "answered" else read_all(connection)
    return judge(answer, [call for call in calls_of(server.folder, before) if call.agent in ("", tag)])


def talk(server: Server, sender: Sender, steps: Steps) -> tuple[bytes, list[Call]]:
    """Take the steps, as far as the server goes along, then hear all until it hangs up."""
    before, heard = calls_file(server.folder).stat().st_size, b""
    with server.connect() as connection:
        with suppress(OSError):  # it has hung up
            for step in steps:
                heard += _take(step, connection, sender, lambda: bool(calls_of(server.folder, before)))
        connection.settimeout(SILENCE_SECONDS)  # not every server hangs up after an error
        with suppress(TimeoutError):
            heard += read_all(connection)
    return heard, calls_of(server.folder, before)


def _take(step: bytes | Drip | Wait, connection: socket.socket, sender: Sender, is_called: Callable[[], bool]) -> bytes:
    match step:
        case bytes():
            connection.sendall(sender.fill(step, ""))
        case Drip(dripping):
            for byte in (whole := sender.fill(dripping, "")):
                connection.sendall(bytes([byte]))
                time.sleep(DRIP_SECONDS / len(whole))
        case Wait.END:
            connection.shutdown(socket.SHUT_WR)
        case Wait.CALL:
            until = time.monotonic() + WHILE_SECONDS
            while not is_called() and time.monotonic() < until:
                time.sleep(0.01)
        case Wait.ANSWER:
            connection.settimeout(WHILE_SECONDS)
            try:
                return read_answer(connection)
            except TimeoutError:
                return b""
            finally:
                connection.settimeout(ANSWER_SECONDS)  # for what is sent
    return b""


def judge(answer: bytes, calls: list[Call]) -> Outcome:
    answer = re.sub(rb"\AHTTP/1\.1 100 .*?\r\n\r\n", b"", answer, flags=re.DOTALL)
    found = re.match(rb"HTTP/\d\.\d (\d{3})", answer)
    status = int(found[1]) if found else 0
    if calls:
        people = sorted({person for call in calls for person in call.people})
        return Outcome(f"app {'+'.join(people)}".strip(), status, tuple(calls))
    is_ours = b"content-security-policy:" in answer.partition(b"\r\n\r\n")[0].lower()
    return Outcome("gate" if is_ours else "server", status)


@contextmanager
def everywhere(folder: Path) -> Iterator[Everywhere]:
    """All servers with one store: sam has a password and a second factor, vera has shown hers."""
    shared = folder / "realm"
    shared.mkdir()
    environ = prepare(shared) | {"TWOFA_SETTINGS": str(shared / "twofa.toml")}

    def start(name: str, stack: ExitStack) -> Server:
        own, way = folder / name, SERVERS[name]
        own.mkdir()
        return stack.enter_context(running(own, *way.command, environ=environ | way.environ, is_sent_nonsense=True))

    with ExitStack() as stack:
        stacks = [stack.enter_context(ExitStack()) for _ in SERVERS]  # whatever has started ends, if another does not
        with ThreadPoolExecutor(STARTED_AT_ONCE) as at_once:
            servers = dict(zip(SERVERS, at_once.map(start, SERVERS, stacks), strict=True))
        yield Everywhere(servers, _senders(servers["waitress"]))
        for name, server in servers.items():
            assert "our fault" not in server.log(), name


def _senders(server: Server) -> dict[str, Sender]:
    for user in ("sam", "vera"):
        visitor = visitor_of(server)
        visitor.log_in(user)
        assert visitor.set_up().status == 200
    return {
        "nobody": Sender("", "none", NO_TOKEN),
        "password alone": Sender("sam", session_cookie("sam", "login-2", at=int(time.time())), NO_TOKEN),
        "verified": Sender("vera", visitor.cookies["session"], visitor.cookie("pass")),
    }
