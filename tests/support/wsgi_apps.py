"""The shapes that WSGI apps have (PEP 3333), each sending the same head and chunks in its own way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from support.wsgi_wire import App, Pairs


class Body:
    """An iterable that counts how far it was pulled and how often it was closed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.pulled = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self.pulled += 1
        return chunk

    def close(self) -> None:
        self.closed += 1


class StartsLate(Body):
    """The response starts only when the first chunk is asked for, as with apps that are generators."""

    def __init__(self, chunks: Iterable[bytes], start: Callable[[], object]) -> None:
        super().__init__(chunks)
        self._start = start

    def __next__(self) -> bytes:
        if not self.pulled:
            self._start()
        return super().__next__()


Shape = Callable[[Pairs, list[bytes], list[Body]], App]
"""Makes an app of a head, chunks, and a list that the bodies which it returns are added to."""


def _kept(body: Body, bodies: list[Body]) -> Body:
    bodies.append(body)
    return body


def returns(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return _kept(Body(chunks), bodies)

    return app


def starts_late(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return _kept(StartsLate(chunks, lambda: start_response("200 OK", headers)), bodies)

    return app


def starts_late_with_empty_chunks(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    return starts_late(headers, [b"", b"", *chunks], bodies)


def starts_when_iterated(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    class Iterated(Body):
        def __iter__(self) -> Iterator[bytes]:
            self._start_response("200 OK", headers)
            return self

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = Iterated(chunks)
        body._start_response = start_response  # type: ignore[attr-defined]
        return _kept(body, bodies)

    return app


def writes(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", headers)
        for chunk in chunks:
            write(chunk)
        return _kept(Body([]), bodies)

    return app


def writes_and_returns(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", headers)
        write(chunks[0])
        return _kept(Body(chunks[1:]), bodies)

    return app


def writes_late(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def made() -> Iterator[bytes]:
            write = start_response("200 OK", headers)
            write(chunks[0])
            yield from chunks[1:]

        return _kept(Body(made()), bodies)

    return app


def starts_twice(headers: Pairs, chunks: list[bytes], bodies: list[Body]) -> App:
    """Begins with another head, and has an error before the first byte of it."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        try:
            raise ValueError("the page could not be made")
        except ValueError:
            start_response("200 OK", headers, sys.exc_info())
        return _kept(Body(chunks), bodies)

    return app


SHAPES: list[Shape] = [
    returns,
    starts_late,
    starts_late_with_empty_chunks,
    starts_when_iterated,
    writes,
    writes_and_returns,
    writes_late,
    starts_twice,
]
