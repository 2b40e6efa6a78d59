"""What stores share: finding the answer to a question, a store's identity, and answering an event loop from threads."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from ..errors import StoreMismatch, StoreMissing, StoreUnavailable
from ..protocol import Ask, Layout

SCHEMA_VERSION = 1
"""The layout of a Redis store; that of a SQLite file is the last of ``sql/migrations.py``."""
STORE_ID_BYTES = 10
GONE = (
    "it is gone or empty, or `store` names another place. Put the store back, correct `store`, or follow docs/moving.md "
    "(`twofa restore`): in an empty store nobody would have a second factor"
)
"""What a store that the settings name by its id is, where there is none. It must not lead to an empty one by itself."""

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


def layout_of(meta: Mapping[str, str], where: str, known: int) -> Layout:
    """The layout that ``meta`` tells of; StoreMissing if it tells of no store of ours.

    ``needs`` is the oldest layout that a program has to know to work there; a store that says nothing of it needs its
    own. Within a major version a migration only adds, so the program before it goes on until ``twofa upgrade --commit``.
    """
    version = meta.get("schema_version", "")
    needs = meta.get("needs") or version
    if not meta.get("store_id") or not (_is_number(version) and _is_number(needs)):
        raise StoreMissing(f"{where} holds no store of twofa_middleware: {GONE}")
    if not 0 < int(needs) <= int(version):
        raise StoreMismatch(f"{where} has the unknown layout {version}, which needs {needs}: restore it from a backup")
    return Layout(int(version), int(needs), known)


def check_meta(meta: Mapping[str, str], where: str, expected: str | None, known: int = SCHEMA_VERSION) -> str:
    """The id of the store that ``meta`` describes, for a program whose layout is ``known``.

    StoreMismatch if it is none of ours, needs a newer program, has to be upgraded first, or is not ``expected``.
    """
    layout = layout_of(meta, where, known)
    found = meta["store_id"]
    if layout.needs > known:
        raise StoreMismatch(
            f"{where} needs a newer twofa-middleware (one that knows layout {layout.needs}; this one knows {known}): "
            "install the version that upgraded it, or a later one"
        )
    if layout.found < known:
        raise StoreMismatch(
            f"{where} has the layout {layout.found} of an older twofa-middleware, and this one works on {known}: "
            "run `twofa upgrade`"
        )
    if expected is not None and found != expected:
        raise StoreMismatch(
            f"{where} is the store {found}, but `store_id` says {expected}: correct `store` or `store_id`; "
            "never point a server at another realm's store"
        )
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


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
        from asyncio import wrap_future  # under WSGI nobody needs it

        if self._pid != os.getpid():  # threads do not survive a fork
            self._start()
        executor = self._writer if changes else self._readers
        try:
            future = executor.submit(function, *arguments)
        except RuntimeError as error:
            raise StoreUnavailable(f"the store was closed: {error}") from error
        return await wrap_future(future)

    def close(self) -> None:
        """End the threads after what they are doing. A forked child has none to end."""
        if self._pid == os.getpid():
            self._writer.shutdown()
            self._readers.shutdown()
