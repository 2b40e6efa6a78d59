"""A request body that is watched: who is logged in is asked again when the app has read the last of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from twofa_middleware.errors import TwoFactorError


class LoginChanged(TwoFactorError):
    """Somebody was logged in by a credential of this request while its body was under way; the app is stopped."""


class WatchedInput:
    """``wsgi.input`` (PEP 3333: read, readline, readlines and iteration) that checks once, at the end of the body."""

    def __init__(self, stream: IO[bytes], length: int | None, still_nobody: Callable[[], bool]) -> None:
        self._stream = stream
        self._left = length
        self._still_nobody = still_nobody
        self._is_checked = False

    def read(self, size: int = -1) -> bytes:
        return self._seen(self._stream.read(size), asked=size)

    def readline(self, size: int = -1) -> bytes:
        return self._seen(self._stream.readline(size), asked=size)

    def readlines(self, hint: int = -1) -> list[bytes]:
        lines = self._stream.readlines(hint)
        self._seen(b"".join(lines), asked=hint)
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _seen(self, chunk: bytes, asked: int) -> bytes:
        if self._left is not None:
            self._left -= len(chunk)
        ended = (not chunk and asked != 0) or (self._left is not None and self._left <= 0)
        if ended and not self._is_checked:
            self._is_checked = True
            if not self._still_nobody():
                raise LoginChanged("a log-in appeared while the body was read")
        return chunk
