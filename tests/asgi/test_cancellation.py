"""A request that is cancelled in the middle of a question leaves nothing half done."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

from support.asgi_wire import chunk, run, scope_of, start, talk
from support.heads import CLEAN, SECRET, raw
from support.realm import Realm, session_cookie
from support.visitor import NAVIGATION

from .conftest import Behind

VISIT = scope_of("GET", "/shop", [*NAVIGATION, ("Cookie", f"session={session_cookie('wendy')}")])


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send(start(raw(CLEAN)))
    await send(chunk(SECRET))


def test_cancellation_while_the_store_is_asked_ends_at_once_and_leaves_no_transaction_open(
    behind: Behind, realm: Realm
) -> None:
    gated = behind(app)

    async def cancelled(holder: sqlite3.Connection) -> None:
        holder.execute("BEGIN IMMEDIATE")
        visit = asyncio.create_task(talk(gated, VISIT))
        await asyncio.sleep(0.1)  # by now the pass is waiting for the file
        assert not visit.done()
        visit.cancel()
        async with asyncio.timeout(0.5):
            wire = await visit
        assert (type(wire.error), wire.sent) == (asyncio.CancelledError, [])
        holder.execute("ROLLBACK")

    with closing(sqlite3.connect(realm.store_file, isolation_level=None, timeout=2)) as holder:
        asyncio.run(cancelled(holder))
        holder.execute("BEGIN IMMEDIATE")
        holder.execute("ROLLBACK")
    wire = run(gated, VISIT)
    assert (wire.status, wire.body, wire.error) == (200, SECRET, None)
