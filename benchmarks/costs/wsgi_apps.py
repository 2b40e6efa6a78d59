"""WSGI: a bare callable and a Flask app, and what can stand in front of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .cases import NAME, SECRET

PAGE = "<!doctype html><title>Orders</title><h1>Orders</h1>"

Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]

_HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))]


class Raw:
    """The least that can be called an app. ``/rewrite`` sets the next cookie of ``rewritten``."""

    def __init__(self) -> None:
        self.rewritten: Iterator[str] = iter(())

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        sent = list(_HEADERS)
        if environ["PATH_INFO"] == "/rewrite":
            sent.append(("Set-Cookie", next(self.rewritten)))
        start_response("200 OK", sent)
        return [PAGE.encode()]


def flask() -> Any:
    """Flask reads the session's cookie of every request, and signs a permanent one anew for every answer."""
    from flask import Flask

    app = Flask(__name__, static_folder=None)
    app.secret_key = SECRET

    def page() -> str:
        return PAGE

    for path in ("/page", "/strict/page", "/static/page", "/rewrite"):
        app.add_url_rule(path, path, page)
    return app


class PassThrough:
    """A middleware that hands on: the least that one can cost."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        return self._app(environ, start_response)


def wrapped(app: App, wrap: str, file: str) -> Any:
    """The app behind what ``wrap`` names, and nothing else imported; ``file`` are our settings."""
    match wrap:
        case "bare":
            return app
        case "pass":
            return PassThrough(app)
        case "ours":
            from twofa_middleware.wsgi import TwoFactorMiddleware

            return TwoFactorMiddleware(app, file, name=NAME)
        case _:
            raise ValueError(f"nothing is called {wrap}")
