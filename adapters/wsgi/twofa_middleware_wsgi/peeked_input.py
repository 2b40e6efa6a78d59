"""A request body of which the beginning was read before the app is called."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import IO


class PeekedInput:
    """``wsgi.input`` (PEP 3333: read, readline, readlines and iteration): what was read already, and then the rest."""

    def __init__(self, begun: bytes, rest: IO[bytes]) -> None:
        self._begun = BytesIO(begun)
        self._rest = rest

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self._begun.read() + self._rest.read()
        chunk = self._begun.read(size)
        return chunk if len(chunk) == size else chunk + self._rest.read(size - len(chunk))

    def readline(self, size: int | None = -1) -> bytes:
        is_all = size is None or size < 0
        line = self._begun.readline(-1 if is_all else size)
        if line.endswith(b"\n") or len(line) == size:
            return line
        return line + (self._rest.readline() if size is None or size < 0 else self._rest.readline(size - len(line)))

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        lines: list[bytes] = []
        read = 0
        while line := self.readline():
            lines.append(line)
            read += len(line)
            if hint is not None and 0 < hint <= read:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")
