"""Both portals behind the gate, on this machine and for nobody else. Ctrl-C ends them.

    PRODUCE_PORT, MANAGE_PORT   other ports than 8001 and 8002
    DEMO_VAR                    where databases, keys and secrets lie, instead of examples/var
    BIND                        localhost or 127.0.0.1; nothing else is accepted
    STORE                       sqlite; or redis, for a Redis of the demo's own; or the redis:// address of another

It does by itself what a real realm does once with `twofa init`, and what no server ever does: make keys and a store.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import local_redis
import portal_people
from twofa_middleware.cli.init import make_realm
from twofa_middleware.errors import TwoFactorError
from twofa_middleware.settings import Settings

EXAMPLES = Path(__file__).resolve().parent
ADDRESS = "127.0.0.1"
START_SECONDS = 60
END_SECONDS = 5
ENVIRONMENT = "twofa.env"
SVC_MAIL, TOKEN_HOURS = 5, 12


class CannotStart(Exception):
    """The demo cannot run like this; the message is one line that says what to do."""


@dataclass(frozen=True)
class Portal:
    name: str
    port: int
    command: list[str]

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}/{self.name}/"

    @property
    def origins(self) -> list[str]:
        return [f"http://localhost:{self.port}", f"http://{ADDRESS}:{self.port}"]

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=2)
        try:
            connection.request("GET", f"/{self.name}/login")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


# ---- what they need -------------------------------------------------------------------------------------------------


def portals(environ: Mapping[str, str]) -> tuple[Portal, Portal]:
    bind = environ.get("BIND", ADDRESS)
    if bind not in ("localhost", ADDRESS):
        raise CannotStart(
            f"BIND={bind}: the demo's passwords are known to everybody, so it is served on {ADDRESS} only"
        )
    produce_port, manage_port = port(environ, "PRODUCE_PORT", 8001), port(environ, "MANAGE_PORT", 8002)
    if produce_port == manage_port:
        raise CannotStart(f"PRODUCE_PORT and MANAGE_PORT are both {produce_port}: give each portal its own")
    waitress = ["waitress", f"--listen={ADDRESS}:{produce_port}", "--threads=8", "produce_demo.wsgi:application"]
    uvicorn = ["uvicorn", f"--host={ADDRESS}", f"--port={manage_port}", "--log-level=warning"]
    uvicorn += ["--timeout-graceful-shutdown=2", "manage_demo.asgi:application"]
    return Portal("produce", produce_port, waitress), Portal("manage", manage_port, uvicorn)


def port(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable) or str(default)
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"{variable}={text} is no port: give a number from 1 to 65535")
    number = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, number))
        except OSError as error:
            raise CannotStart(f"port {number}: {error.strerror}; choose another one by {variable}") from None
    return number


def store_of(environ: Mapping[str, str], var: Path) -> AbstractContextManager[str]:
    """The address of the store, which is there while the context lasts."""
    store = environ.get("STORE") or "sqlite"
    if store == "sqlite":
        return nullcontext(f"sqlite:///{var / 'twofa.db'}")
    if store == "redis":
        return local_redis.running(var)
    if store.startswith(("redis:", "unix:")):
        return nullcontext(store)
    raise CannotStart(f"STORE={store.partition(':')[0]}: give sqlite, redis, or an address redis://… or unix://…")


def prepare(both: tuple[Portal, Portal], var: Path, store: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of both portals: where their files are, and the id of a store that is there now."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    prepared = dict(environ) | {
        "PORTAL_DB": str(var / "portal.db"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(EXAMPLES), environ.get("PYTHONPATH")))),
        "TWOFA__STORE": json.dumps(store),
        "TWOFA__KEYS": json.dumps(f"file:{var / 'keys.toml'}"),
    }
    for portal in both:
        upper = portal.name.upper()
        prepared[f"{upper}_SECRET"] = secret(var / f"{portal.name}.secret")
        prepared[f"TWOFA__APPS__{upper}__ORIGINS"] = json.dumps(portal.origins)
    os.environ["PORTAL_DB"] = prepared["PORTAL_DB"]
    portal_people.prepare()
    settings = Settings.load(EXAMPLES / "twofa.toml", prepared)
    prepared["TWOFA__STORE_ID"] = json.dumps(make_realm(settings).store_id)
    write_environment(var, prepared)
    return prepared


def write_environment(var: Path, prepared: Mapping[str, str]) -> None:
    """What the `twofa` command needs to find this realm, for a shell to read."""
    # With the portals' secrets, since `twofa doctor` looks whether they would start.
    names = [
        "PORTAL_DB",
        "PYTHONPATH",
        "TWOFA__STORE",
        "TWOFA__KEYS",
        "TWOFA__STORE_ID",
        "PRODUCE_SECRET",
        "MANAGE_SECRET",
    ]
    lines = [f"export {name}={shlex.quote(prepared[name])}\n" for name in names]
    (var / ENVIRONMENT).touch(mode=0o600)  # it holds secrets
    (var / ENVIRONMENT).write_text("".join(lines), encoding="utf-8")


def secret(path: Path) -> str:
    """What a portal signs its sessions with: made once, kept for the next start, readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made := secrets.token_urlsafe(32))
    return made


# ---- running them ---------------------------------------------------------------------------------------------------


@contextmanager
def running(both: tuple[Portal, Portal], environ: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Both portals as processes of their own. Ctrl-C in a terminal reaches this program alone; it ends them."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for portal in both:
            processes[portal.name] = subprocess.Popen(
                [sys.executable, "-m", *portal.command],
                cwd=EXAMPLES,
                env=environ,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def serve(both: tuple[Portal, Portal], environ: dict[str, str], ended: threading.Event) -> int:
    """Run both until somebody ends them, or until one ends by itself; the exit code."""
    with running(both, environ) as processes:
        until = time.monotonic() + START_SECONDS
        is_ready = False
        while not ended.wait(0.2):
            for name, process in processes.items():
                if process.poll() is not None:
                    print(f"run.py: {name} has ended (exit code {process.returncode})", file=sys.stderr)
                    return 1
            if not is_ready and all(portal.answers() for portal in both):
                is_ready = True
                welcome(*both, Path(environ["PORTAL_DB"]).parent)
            elif not is_ready and time.monotonic() > until:
                print(f"run.py: the portals did not answer within {START_SECONDS} seconds", file=sys.stderr)
                return 1
    return 0


def welcome(produce: Portal, manage: Portal, var: Path) -> None:
    token, _ = portal_people.issue_token(SVC_MAIL, hours=TOKEN_HOURS)
    account = f"http://localhost:{produce.port}/2fa/account"
    tasks = f"http://localhost:{produce.port}/produce/api/v1/tasks"
    phone = f"{shown(Path(sys.executable))} {shown(EXAMPLES / 'phone.py')} KEY"
    print(f"\nProduce, for everybody:       {produce.address}")
    print(f"Manage, for administrators:   {manage.address}\n")
    for user_name, password in portal_people.DEMO_PASSWORDS.items():
        print(f"{user_name}  password: {password}")
    print(f"svc-mail  token: {token}")
    print(f"  curl -H 'Authorization: Bearer {token}' '{tasks}?user=3'\n")
    print("What to try:")
    print(f"- Log in to Produce as erin; choose Enable in the profile menu, or at {account}.")
    print(f"  No phone at hand? {phone} shows the code.")
    print("- Log out, log in again: Produce asks for a code. So does Manage, if you do the same as wendy or admin.")
    print("- Tick “Remember this browser?”, log out and in: no question. The account page forgets the browser again.")
    print("- Lose the phone: give one of your recovery codes at the prompt; it works once.")
    print("- As admin: set up your own, then edit erin in Manage and untick her box; enforce a role; look at")
    print(f"  http://localhost:{manage.port}/2fa/admin for users, roles and events.")
    twofa = f"{shown(Path(sys.executable).parent / 'twofa')} status --file {shown(EXAMPLES / 'twofa.toml')}"
    print(f"  The same from a shell: (. {shown(var / ENVIRONMENT)}; {twofa})")
    print("- Look at Produce's API: erin's own token is refused once she has a second factor, svc-mail's is not.\n")
    print("Ctrl-C ends both.", flush=True)


def shown(path: Path) -> str:
    """A path as people here would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def main() -> int:
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        both = portals(os.environ)
        var = Path(os.environ.get("DEMO_VAR") or EXAMPLES / "var").resolve()
        with store_of(os.environ, var) as store:
            return serve(both, prepare(both, var, store, os.environ), ended)
    except (CannotStart, TwoFactorError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
