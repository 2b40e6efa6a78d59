"""A request body that is watched: who is logged in is asked again when the app has read the last of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from twofa_middleware.errors import TwoFactorError


class LoginChanged(TwoFactorError):
    """Somebody was logged in by a credential of this request while its body was under way; the app is stopped."""


class WatchedInput:
    """``wsgi.input`` (PEP 3333: read, readline, readlines and iteration) that checks once, at the end of the body.

    ``length`` is the length of the body, or None where the end is told only by nothing more coming. After a change
    nothing can be read any more, so an app that does not stop at the error gets no further than one that does. ``raw`` is
    the server's, where it lends its socket by that.
    """

    raw: object

    def __init__(self, stream: IO[bytes], length: int | None, still_same: Callable[[], bool]) -> None:
        self._stream = stream
        self._left = length
        self._still_same = still_same
        self._is_unchanged: bool | None = None

    def read(self, size: int | None = -1) -> bytes:
        chunk = self._stream.read(-1 if size is None else size)
        return self._seen(chunk, to_the_end=size is None or size < 0, size=size)

    def readline(self, size: int | None = -1) -> bytes:
        return self._seen(self._stream.readline(-1 if size is None else size), size=size)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        lines = self._stream.readlines(-1 if hint is None else hint)
        self._seen(b"".join(lines), to_the_end=hint is None or hint <= 0)
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _seen(self, chunk: bytes, *, to_the_end: bool = False, size: int | None = -1) -> bytes:
        if self._left is not None:
            self._left -= len(chunk)
        ended = to_the_end or (not chunk and size != 0) or (self._left is not None and self._left <= 0)
        if ended and self._is_unchanged is None:
            self._is_unchanged = False  # also for what is raised while asking
            self._is_unchanged = self._still_same()
        if self._is_unchanged is False:
            raise LoginChanged("a log-in appeared while the body was read")
        return chunk
