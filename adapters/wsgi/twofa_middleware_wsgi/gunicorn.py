"""A configuration of gunicorn: ``gunicorn -c python:twofa_middleware_wsgi.gunicorn shop:app`` serves it behind the gate.

A site with a configuration of its own begins it with ``from twofa_middleware_wsgi.gunicorn import *``. Settings file and
name of the app: see ``twofa_middleware.target``.

Each worker puts the gate in front of the app when it has loaded it and before it takes a connection: after the fork, so
that store, keys and courier are its own, also under ``preload_app``. What is raised there stops gunicorn.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from twofa_middleware.announcing import told_elsewhere
from twofa_middleware.errors import ConfigError
from twofa_middleware.target import Colour, colour_of, gated, name_of_app, settings_of_environment

# gunicorn takes every name of this module that is a setting of its own, and no other.
__all__ = ["nworkers_changed", "on_starting", "post_worker_init", "pre_request"]

_GATED = "_twofa_gate"


def nworkers_changed(server: Any, new_value: int, old_value: int | None) -> None:
    """In the master, before any worker is there: a ``post_worker_init`` of the site's own does not replace ours."""
    theirs = server.cfg.post_worker_init
    if theirs is not post_worker_init and not hasattr(theirs, _GATED):
        server.cfg.set("post_worker_init", _after(theirs))
    if old_value is None and server.cfg.config == f"python:{__name__}" and os.path.exists("gunicorn.conf.py"):
        server.log.warning(
            "gunicorn.conf.py is not read, since -c names %s: begin it with `from %s import *`, and leave -c out",
            __name__,
            __name__,
        )


def on_starting(server: Any) -> None:
    """In the master, before it listens: settings that no worker could use are told once. gunicorn ends."""
    try:
        name_of_app(settings_of_environment())
    except ConfigError as error:
        raise RuntimeError(f"twofa_middleware: {error}") from error  # gunicorn prints it in one line


def post_worker_init(worker: Any) -> None:
    """In each worker, between loading the app and serving it."""
    if hasattr(worker, _GATED):
        return
    place = "asgi" if hasattr(worker, "asgi") else "wsgi"
    app = getattr(worker, place)
    try:
        settings = settings_of_environment()
        name = name_of_app(settings)
        colour = _colour(worker, app)
        with told_elsewhere():  # below, by gunicorn's own log
            gate = gated(app, _middleware(colour), settings, name, "the app")
    except ConfigError as error:
        from gunicorn.errors import AppImportError  # type: ignore[import-untyped]

        raise AppImportError(f"twofa_middleware: {error}") from error  # likewise
    setattr(worker, place, gate)
    setattr(worker, _GATED, gate)
    worker.log.info("%s is behind the gate; mode %s, settings %s", name, settings.mode_of(name), settings.source)


def pre_request(worker: Any, req: Any) -> None:
    """Before each request: a worker in which the hooks above were replaced answers 500, and the app is not called."""
    gate = getattr(worker, _GATED, None)
    if gate is None or getattr(worker, "asgi", getattr(worker, "wsgi", None)) is not gate:
        raise ConfigError(
            f"there is no gate in front of the app: the configuration replaces nworkers_changed and post_worker_init of "
            f"{__name__}; call them in its own ones"
        )


def _after(theirs: Callable[[Any], object]) -> Callable[[Any], None]:
    def both(worker: Any) -> None:
        theirs(worker)
        post_worker_init(worker)

    setattr(both, _GATED, True)
    return both


def _colour(worker: Any, app: Any) -> Colour:
    """What the worker serves; a worker class that is not gunicorn's serves what the app is."""
    is_app = colour_of(app, "the app")
    kind = type(worker)
    if hasattr(worker, "asgi"):
        serves: Colour = "asgi"
    elif any(one.__module__.startswith("gunicorn.workers.") and one.__name__ != "Worker" for one in kind.__mro__):
        serves = "wsgi"
    elif is_app is None:
        raise ConfigError(
            f"whether the app is WSGI or ASGI cannot be told, and {kind.__name__} is no worker class of gunicorn's; "
            "put the gate in front of it in code"
        )
    else:
        return is_app
    if is_app not in (None, serves):
        raise ConfigError(
            f"the app is {is_app.upper()}, and {kind.__name__} serves {serves.upper()}: choose another --worker-class"
        )
    return serves


def _middleware(colour: Colour) -> type[Any]:
    if colour == "asgi":
        from twofa_middleware.asgi import TwoFactorMiddleware as AsgiMiddleware

        return AsgiMiddleware
    from .middleware import TwoFactorMiddleware

    return TwoFactorMiddleware
