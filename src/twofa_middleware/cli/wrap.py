"""``twofa wrap shop:app``: a quick look at an app behind the gate, on this machine alone."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import msgspec

from ..errors import ConfigError
from ..settings import Settings
from ..target import Colour, colour_of, gated, load_target, name_of_app
from .output import NotDone, say

DEFAULT_PORT = 8000


@click.command(
    epilog="Exit codes: 0 it was stopped by Ctrl-C; 1 it could not be served; 2 wrong usage, settings or app. "
    "For more than a look, see docs/serving.md."
)
@click.argument("target", metavar="MODULE:APP")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("twofa.toml"),
    show_default=True,
    help="The settings of the realm.",
)
@click.option("--name", help="Which app of the settings this is; not needed if there is only one.")
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="127.0.0.1, ::1 or localhost, and no other.")
@click.option("--wsgi", "chosen", flag_value="wsgi", help="The app is WSGI; else it is looked at.")
@click.option("--asgi", "chosen", flag_value="asgi", help="The app is ASGI.")
def wrap(target: str, path: Path, name: str | None, port: int, host: str, chosen: Colour | None) -> int:
    """Serve an app behind the gate on this machine, for a quick look: twofa wrap shop:app."""
    address = _loopback(host)
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no such file; `twofa propose {target}` writes one that fits the app, "
            "`twofa init` an empty one"
        )
    settings = Settings.load(path)
    name = name_of_app(settings, name, "--name")
    app = load_target(target, "wrap")
    colour = chosen or colour_of(app, target)
    if colour is None:
        raise click.UsageError(f"whether {target} is WSGI or ASGI cannot be told: say --wsgi or --asgi")
    serve = _serve_asgi if colour == "asgi" else _serve_wsgi
    _refuse_taken(address, port)
    here = f"http://{f'[{address}]' if ':' in address else address}:{port}"
    settings = _at_home(settings, name, here, port)
    application = gated(app, _middleware(colour), settings, name, target)
    say(f"{target} is behind the gate as {name} ({colour.upper()}, mode {settings.mode_of(name)}): {here}/")
    say("Ctrl-C ends it.")
    serve(application, address, port)
    return 0


def _loopback(host: str) -> str:
    """The address to listen at. It is plain http, and the app's own log-in goes over it: to no other machine."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise click.UsageError(
        f"--host {host}: only this machine itself is served, since passwords and cookies go over plain http here; "
        "docs/serving.md says how to serve others"
    )


def _at_home(settings: Settings, name: str, here: str, port: int) -> Settings:
    """The settings with the address of this run as the app's origin, or else its own forms would be foreign ones."""
    origins = tuple(dict.fromkeys((here, f"http://localhost:{port}")))
    app = settings.app(name)
    if set(origins) <= set(app.origins) and app.origins[0].startswith("http:"):
        return settings
    say(f"origins of [apps.{name}] for this run: {', '.join(origins)}")
    apps = {**settings.apps, name: msgspec.structs.replace(app, origins=origins)}
    return msgspec.structs.replace(settings, apps=apps)


def _refuse_taken(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise NotDone(f"{address} port {port} cannot be served: {error.strerror}; --port takes another") from None


def _middleware(colour: Colour) -> Callable[..., Any]:
    if colour == "asgi":
        from ..asgi import TwoFactorMiddleware as AsgiMiddleware

        return AsgiMiddleware
    from ..wsgi import TwoFactorMiddleware

    return TwoFactorMiddleware


def _serve_asgi(application: Any, address: str, port: int) -> None:
    if find_spec("uvicorn") is None:
        raise NotDone("an ASGI app is served by uvicorn here: pip install uvicorn")
    import uvicorn

    uvicorn.run(application, host=address, port=port, log_level="warning", proxy_headers=False)


def _serve_wsgi(application: Any, address: str, port: int) -> None:
    if find_spec("waitress") is not None:
        import waitress  # type: ignore[import-untyped]

        waitress.serve(application, host=address, port=port, ident=None)
        return
    say("waitress is not installed: wsgiref serves one request after the other (pip install waitress)", err=True)
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(WSGIServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of each request: an address may hold what nobody else should read."""

    with make_server(address, port, application, Server, Quiet) as server:

        def stop(number: int, frame: object) -> None:
            """As an exception in the midst of a request Ctrl-C would be lost: wsgiref catches whatever is raised there."""
            threading.Thread(target=server.shutdown).start()

        before = signal.signal(signal.SIGINT, stop)
        try:
            server.serve_forever(poll_interval=0.1)
        finally:
            signal.signal(signal.SIGINT, before)
