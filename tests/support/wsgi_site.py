"""A WSGI app behind the gate, for real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from support.site import download, note, open_realm, peak
from twofa_middleware.wsgi import TwoFactorMiddleware


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    note(environ["REQUEST_METHOD"], path)
    if path == "/download":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return download()
    body = b"secret page"
    if path == "/upload":
        body = b"%d" % sum(map(len, iter(lambda: environ["wsgi.input"].read(65536), b"")))
    elif path == "/peak":
        body = peak()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


_realm = open_realm()
application = TwoFactorMiddleware(app, _realm.settings, name="shop", clock=_realm.clock)
