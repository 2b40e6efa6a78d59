"""``<prefix>/health/live`` and ``…/ready``, for what watches over servers: no log-in, no detail, in every mode.

``live``: this process answers. ``ready``: its store answers too, and is the right one; else 503.
"""

from __future__ import annotations

import json

from ..asks import CheckStore
from ..errors import StoreError
from ..http import Answer, Request
from ..protocol import Flow
from ..site import Site
from .notices import RETRY_SECONDS


def is_asked(site: Site, request: Request) -> bool:
    return request.path.startswith(site.settings.prefix + "/health/") and request.kind == "http"


def answer(site: Site, request: Request) -> Flow[Answer]:
    if request.method not in ("GET", "HEAD"):
        return _said(405, "method").adding((b"allow", b"GET, HEAD"))
    match request.path.removeprefix(site.settings.prefix + "/health/"):
        case "live":
            return _said(200, "live")
        case "ready":
            try:
                yield from CheckStore()
            except StoreError:
                return _said(503, "not ready").adding((b"retry-after", str(RETRY_SECONDS).encode()))
            return _said(200, "ready")
        case _:
            return _said(404, "not found")


def _said(status: int, word: str) -> Answer:
    return Answer(status, ((b"content-type", b"application/json"),), json.dumps({"status": word}).encode())
