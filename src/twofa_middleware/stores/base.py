"""What stores share: finding the answer to a question, a store's identity, and answering an event loop from threads."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from ..errors import StoreMismatch, StoreUnavailable
from ..protocol import Ask

SCHEMA_VERSION = 1
STORE_ID_BYTES = 10

Place = TypeVar("Place")
Found = TypeVar("Found")


class AnswerTable(Generic[Place]):
    """Which function answers which question, and whether it changes something.

    A function gets the place to work on (a connection in a transaction, a client) and the question.
    """

    def __init__(
        self,
        *,
        reads: Mapping[type[Ask[Any]], Callable[[Place, Any], Any]],
        changes: Mapping[type[Ask[Any]], Callable[[Place, Any], Any]],
    ) -> None:
        self._reads = dict(reads)
        self._changes = dict(changes)

    def find(self, ask: Ask[Any]) -> tuple[Callable[[Place, Any], Any], bool]:
        """The function, and True if it changes something; TypeError for what no store answers."""
        kind = type(ask)
        if kind in self._changes:
            return self._changes[kind], True
        if kind in self._reads:
            return self._reads[kind], False
        raise TypeError(f"{kind.__name__} is no question that this store answers")


def new_store_id() -> str:
    """A random name for a new store, 80 bits, made to be read aloud: ``7f3k-q2ab-…``."""
    letters = base64.b32encode(secrets.token_bytes(STORE_ID_BYTES)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def check_meta(meta: Mapping[str, str], where: str, expected: str | None) -> str:
    """The id of the store that ``meta`` describes; StoreMismatch if it is none of ours, newer, or not ``expected``."""
    found, version = meta.get("store_id"), meta.get("schema_version", "")
    if not found or not version.isdecimal():
        raise StoreMismatch(f"{where} holds no store of twofa_middleware: run `twofa init`, or correct `store`")
    if int(version) > SCHEMA_VERSION:
        raise StoreMismatch(
            f"{where} was made by a newer twofa-middleware (schema {version}, this one knows {SCHEMA_VERSION}): "
            "install the version that made it"
        )
    if int(version) < SCHEMA_VERSION:
        raise StoreMismatch(f"{where} has the unknown schema version {version}: restore it from a backup")
    if expected is not None and found != expected:
        raise StoreMismatch(
            f"{where} is the store {found}, but `store_id` says {expected}: correct `store` or `store_id`; "
            "never point a server at another realm's store"
        )
    return found


class AnswerThreads:
    """Threads in which a store that blocks answers an event loop: one for changes, a few for reads.

    They are the store's own, so an app that fills asyncio's default threads does not hold up the gate, and reads never
    queue behind changes. A cancelled request leaves its question to the thread, which ends the transaction as if
    nobody had gone; a question that had not begun is dropped.
    """

    READERS = 4

    def __init__(self, name: str) -> None:
        self._name = name
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{self._name}-change")
        self._readers = ThreadPoolExecutor(self.READERS, thread_name_prefix=f"{self._name}-read")

    async def run(self, changes: bool, function: Callable[..., Found], *arguments: Any) -> Found:
        """Call the function in a thread and wait for it without holding up the loop; StoreUnavailable once closed."""
        if self._pid != os.getpid():  # threads do not survive a fork
            self._start()
        executor = self._writer if changes else self._readers
        try:
            future = executor.submit(function, *arguments)
        except RuntimeError as error:
            raise StoreUnavailable(f"the store was closed: {error}") from error
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """End the threads after what they are doing. A forked child has none to end."""
        if self._pid == os.getpid():
            self._writer.shutdown()
            self._readers.shutdown()
