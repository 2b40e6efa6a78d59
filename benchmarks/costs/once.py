"""A worker that has answered its first request: ``python -m costs.once ASGI|WSGI WRAP FILE COOKIE`` prints what it took.

CPU seconds of the whole process, resident bytes, and which of the libraries named by HEAVY are there.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from .browser import environ, headers, scope

HEAVY = ("redis", "segno", "jinja2", "cryptography", "webauthn", "pyotp", "click", "django")


def main(colour: str, wrap: str, file: str, cookie: str) -> None:
    sent = headers(cookie)
    status = _asgi(wrap, file, sent) if colour == "ASGI" else _wsgi(wrap, file, sent)
    if not status.startswith("200"):
        raise RuntimeError(f"the first request was answered by {status}")
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    print(
        json.dumps([time.process_time(), resident, sorted(name for name in HEAVY if name in sys.modules)]), flush=True
    )
    os._exit(0)  # how it ends is no part of it


def _asgi(wrap: str, file: str, sent: tuple[tuple[str, str], ...]) -> str:
    from . import asgi_apps

    statuses = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if "status" in message:
            statuses.append(message["status"])

    app = asgi_apps.wrapped(asgi_apps.starlette(), wrap, file)
    asyncio.run(app(scope("/page", sent), receive, send))
    return str(statuses[0])


def _wsgi(wrap: str, file: str, sent: tuple[tuple[str, str], ...]) -> str:
    from . import wsgi_apps

    statuses: list[str] = []
    app = wsgi_apps.wrapped(wsgi_apps.flask(), wrap, file)
    b"".join(app(environ("/page", sent), lambda status, *_: statuses.append(status)))
    return statuses[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
