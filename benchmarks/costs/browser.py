"""The requests of a browser: the headers that it sends, in words of WSGI, of ASGI, and of the wire."""

from __future__ import annotations

import io
import sys
from typing import Any

HOST = "localhost:8000"
OTHER_COOKIES = "theme=dark; _ga=GA1.1.1371094271.1795000000"
HEADERS = (
    ("host", HOST),
    ("connection", "keep-alive"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("upgrade-insecure-requests", "1"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-site", "same-origin"),
)


def headers(cookie: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """What a navigation sends, with two cookies that are nobody's business here."""
    line = f"{OTHER_COOKIES}; {cookie}" if cookie else OTHER_COOKIES
    return (*HEADERS, ("cookie", line), *more)


def scope(path: str, sent: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """As a server makes it for a GET; copy it for each request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def environ(path: str, sent: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """As a server makes it for a GET; copy it for each request."""
    made: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return made | {"HTTP_" + name.upper().replace("-", "_"): value for name, value in sent}


def wire(path: str, sent: tuple[tuple[str, str], ...]) -> bytes:
    """The bytes of a GET."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent)]
    return "\r\n".join([*lines, "", ""]).encode()
