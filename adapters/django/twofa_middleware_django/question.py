"""What the project gets when it is asked: the request that is being decided, with the question's line and headers alone."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from twofa_middleware.http import Headers
from twofa_middleware.program import AskApp

_SENT_PATHS = ("RAW_URI", "REQUEST_URI")
# What belongs to the request that is being decided, and to nothing else: its line, its body, its connection, and how the
# server would do more for the project than take its answer. Headers begin with HTTP_.
_ITS_OWN = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "PATH_INFO",
        "PATH_TRANSLATED",
        "QUERY_STRING",
        "REDIRECT_URL",
        "REQUEST_METHOD",
        "SCRIPT_FILENAME",
        "SCRIPT_URI",
        "SCRIPT_URL",
        "extensions",
        "gunicorn.sock",
        "gunicorn.socket",
        "waitress.client_disconnected",
        "wsgi.early_hints",
        "wsgi.file_wrapper",
        "wsgi.input",
        "wsgi.input_terminated",
        "wsgi.websocket",
    }
)
_CONTAINERS = (dict, list, set)
_DIFFERS = frozenset({"REMOTE_PORT", "client", "state", "wsgi.errors", "wsgi.input"})


def environ_of(ask: AskApp, headers: Headers) -> dict[str, Any]:
    """The environ of the question: that of the request, without what is its own."""
    environ = {key: value for key, value in _kept(ask).items() if not key.startswith("HTTP_")}
    path, _, query = ask.path.partition("?")
    for key in _SENT_PATHS:
        if key in ask.request.server:
            environ[key] = ask.request.quoted_root + ask.path
    environ |= {
        "REQUEST_METHOD": ask.method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": BytesIO(),
    }
    if ask.method == "POST":
        environ["CONTENT_LENGTH"] = "0"
    if "HTTP_HOST" in ask.request.server:
        environ["HTTP_HOST"] = ask.request.server["HTTP_HOST"]
    for name, value in headers:
        environ["HTTP_" + name.decode("latin-1").replace("-", "_").upper()] = value.decode("latin-1")
    return environ


def scope_of(ask: AskApp, headers: Headers) -> dict[str, Any]:
    """The scope of the question: that of the request, without what is its own."""
    request = ask.request
    path, _, query = ask.path.partition("?")
    hosts = [(b"host", value) for value in request.values(b"host")]
    length = [(b"content-length", b"0")] if ask.method == "POST" else []
    return _kept(ask) | {
        "method": ask.method,
        "path": request.root + unquote(path),
        "raw_path": (request.quoted_root + path).encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": [*hosts, *length, *headers],
    }


def _kept(ask: AskApp) -> dict[str, Any]:
    return {
        key: value.copy() if isinstance(value, _CONTAINERS) else value
        for key, value in ask.request.server.items()
        if key not in _ITS_OWN
    }


def is_same(one: Mapping[str, Any], other: object) -> bool:
    """Whether the project would be asked just the same; what cannot be compared has to be the same object."""
    if not isinstance(other, Mapping) or one.keys() != other.keys():
        return False
    return all(
        value is other[key] or (isinstance(value, str | bytes | int | tuple | list) and value == other[key])
        for key, value in one.items()
        if key not in _DIFFERS
    )
