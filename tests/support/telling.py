"""What was written during a test, wherever that may be read: logs with the locals of their tracebacks, answers, stores."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from support.canaries import CANARIES, Canaries

TESTS = str(Path(__file__).parent.parent)
WIRE_TRACES = ("websockets.", "uvicorn.error", "hpack", "h2", "httpcore", "httpx")
"""Loggers of servers and clients that write down at DEBUG whatever comes over the wire, whoever stands behind them."""
LONGEST_REPR = 100_000
_IN_PAGES = re.compile(
    rb"<title>.*?</title>|\b(?:href|src|action|formaction)=(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.DOTALL
)
_TO_THE_PHONE = re.compile(rb"otpauth:[^\"']*|data:[a-z/+]+;base64,[A-Za-z0-9+/=]*")  # no address of a site

Dump = Callable[[], Iterator[bytes]]


class Telling(logging.Handler):
    """Everything that is logged, at every level, as text, and what a collector of errors would show besides."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.locals: list[str] = []
        self.answers: list[tuple[str, str]] = []
        self.cookies: list[str] = []
        self.pages: list[bytes] = []
        self.dumps: dict[str, Dump] = {}
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno <= logging.DEBUG and record.name.startswith(WIRE_TRACES):
            return
        self.lines.append(self.format(record))
        if record.exc_info and (error := record.exc_info[1]) is not None:
            self.locals.extend(locals_of(error))

    def answered(self, headers: list[tuple[str, str]], body: bytes) -> None:
        """What came back of a request."""
        for name, value in headers:
            if name.lower() == "set-cookie":
                self.cookies.append(value)
            else:
                self.answers.append((f"header {name}", value))
        if b"<title>" in body:
            self.pages.append(body)

    def forget(self) -> None:
        for told in (self.lines, self.locals, self.answers, self.cookies, self.pages, self.dumps):
            told.clear()

    def leaks(self, canaries: Canaries) -> list[str]:
        """Where which secret was told; empty if none was."""
        found = [f"a log holds the {one}" for one in canaries.find("\n".join(self.lines), short=True)]
        found += [f"a traceback's locals hold the {one}" for one in canaries.find("\n".join(self.locals), short=True)]
        for where, value in {*self.answers}:
            found += [f"the {where} holds the {one}" for one in canaries.find(value, short=True)]
        cookies = "\n".join({*self.cookies})
        found += [f"a Set-Cookie holds the {one}" for one in canaries.find(cookies, but=("cookie",), short=True)]
        shown = b"\n".join({_TO_THE_PHONE.sub(b"", one) for page in self.pages for one in _IN_PAGES.findall(page)})
        found += [f"a title or an address in a page holds the {one}" for one in canaries.find(shown, short=True)]
        for name, dump in self.dumps.items():
            for piece in dump():
                found += [f"the store {name} holds the {one}" for one in canaries.find(piece)]
        return sorted({*found})


TOLD = Telling()


def locals_of(error: BaseException) -> Iterator[str]:
    """The locals of every frame of an error's tracebacks, as collectors of errors write them, its arguments, and those of
    its causes and contexts. Frames of the tests themselves are nobody's."""
    met: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in met:
            continue
        met.add(id(one))
        yield safe_repr(one)
        yield safe_repr(one.args)
        left += [one.__cause__, one.__context__]
        yield from _frames_of(one.__traceback__)


def _frames_of(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        frame = traceback.tb_frame
        if not frame.f_code.co_filename.startswith(TESTS):
            for name, value in frame.f_locals.items():
                yield f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name} {name}={safe_repr(value)}"
        traceback = traceback.tb_next


def safe_repr(value: Any) -> str:
    try:
        return repr(value)[:LONGEST_REPR]
    except Exception as error:  # somebody's object; a collector goes on, too
        return type(error).__name__


def sqlite_bytes(file: Path) -> Iterator[bytes]:
    """All bytes of the file and its log, but the empty room in them."""
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-journal")):
        if name.exists():
            yield name.read_bytes().replace(bytes(16), b"")


def redis_bytes(url: str, realm: str) -> Iterator[bytes]:
    """Every key of a realm with all that is under it; nothing where the server is gone."""
    import redis

    with redis.Redis.from_url(url, protocol=2) as client:
        try:
            keys = [key for pattern in (f"2fa:{realm}:*", f"2fu:{realm}:*") for key in client.scan_iter(pattern, 1000)]
        except redis.RedisError:
            return
        for key in keys:
            yield b"\n".join([key, *_parts_of(_value_of(client, key))])


def _value_of(client: Any, key: bytes) -> Any:
    match client.type(key):
        case b"hash":
            return client.hgetall(key)
        case b"stream":
            return client.xrange(key)
        case b"zset":
            return client.zrange(key, 0, -1, withscores=True)
        case b"set":
            return client.smembers(key)
        case b"list":
            return client.lrange(key, 0, -1)
        case _:
            return client.get(key)


def _parts_of(value: Any) -> Iterator[bytes]:
    match value:
        case bytes():
            yield value
        case dict():
            for pair in value.items():
                yield from _parts_of(pair)
        case list() | tuple() | set():
            for one in value:
                yield from _parts_of(one)
        case None:
            pass
        case _:
            yield str(value).encode()


def no_secret_was_told() -> None:
    """AssertionError where a secret of the register was told, and where."""
    leaks = TOLD.leaks(CANARIES)
    if leaks:
        raise AssertionError("\n".join(leaks[:20]))


def watch(store: str, realm: str) -> None:
    """At the end of the test, the store is read too."""
    if store.startswith("sqlite:///"):
        TOLD.dumps[store] = lambda: sqlite_bytes(Path(store.removeprefix("sqlite:///")))
    elif store.startswith(("redis://", "unix://")):
        TOLD.dumps[f"{store} {realm}"] = lambda: redis_bytes(store, realm)
