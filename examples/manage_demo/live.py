"""The task counter in the left panel, pushed over a WebSocket."""

from __future__ import annotations

from dataclasses import asdict

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from . import work
from .web import administrator_of

PAUSE_SECONDS = 2
POLICY_VIOLATION = 1008


async def task_counter(socket: WebSocket) -> None:
    """Refused before accept for strangers (they see a 403), closed when the log-in has lost its right."""
    if await run_in_threadpool(administrator_of, socket.session) is None:
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    async with anyio.create_task_group() as group:
        group.start_soon(_push, socket)
        async for _ in socket.iter_text():  # the page says nothing: this waits until it leaves
            pass
        group.cancel_scope.cancel()


async def _push(socket: WebSocket) -> None:
    try:
        while await run_in_threadpool(administrator_of, socket.session):
            await socket.send_json(asdict(await run_in_threadpool(work.count_tasks)))
            await anyio.sleep(PAUSE_SECONDS)
        await socket.close(POLICY_VIOLATION)
    except WebSocketDisconnect:
        pass
