"""Small projects as people write them, on real servers: each once as it is and once behind the gate, on the same server.

A project is a folder of ``tests/apps``: its app in files of its own, ``twofa.toml``, and the app wrapped in another file.
It is copied into a folder of the test's, ``people.json`` is put beside it, and ``twofa init`` does the rest.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.exchange import Body, Pairs, Reply
from support.realm import Clock
from support.servers import ANSWER_SECONDS, Server, read_all, running
from support.visitor import Visitor

APPS = Path(__file__).parent.parent / "apps"
HOST = "localhost:8000"
"""What clients call the app, whatever port it got; ``origins`` of every project says so."""
PASSWORD = "Maple-Kettle-7"
PEOPLE = tuple(f"erin{number}" for number in range(1, 41))
"""The people of every project, all with the same password. A test takes newcomers, whom no other test has met."""
INIT_SECONDS = 60


@dataclass
class Wire:
    """Exchanges requests with a server, as a browser or a script does. ``always``: headers of all its requests."""

    port: int
    name: str = "wire"
    always: Pairs = field(default_factory=list)

    def request(
        self, method: str, target: str, headers: Pairs | None = None, body: Body = b"", *, root: str = ""
    ) -> Reply:
        if not isinstance(body, bytes):
            raise TypeError("a body goes over the wire as a whole")
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)) as connection:
            connection.request(
                method, root + target, body or None, {"Host": HOST, **dict(self.always), **dict(headers or [])}
            )
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())

    def raw(self, method: str, target: str, headers: Pairs, body: bytes = b"") -> bytes:
        """All that the server sends for one request, byte by byte."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
        with closing(socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS)) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            return read_all(connection)


@dataclass
class Project:
    """A project on a server: ``bare`` is the app as it is, ``wrapped`` the same behind the gate."""

    bare: Server
    wrapped: Server
    newcomers: Iterator[str]

    def newcomer(self) -> str:
        """Somebody of the app's who has not been there yet."""
        return next(self.newcomers)

    def browser(self) -> Visitor:
        """A browser without cookies, at the app behind the gate."""
        return Visitor(Wire(self.wrapped.port), Clock(int(time.time())))

    def bare_browser(self) -> Visitor:
        """A browser at the app as it is."""
        return Visitor(Wire(self.bare.port), Clock(int(time.time())))


@contextmanager
def opened(
    name: str,
    folder: Path,
    *command: str,
    app: str = "shop:app",
    wrapped: str = "wrapped:application",
    settings: str = "twofa.toml",
    environ: Mapping[str, str] | None = None,
    prepare: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
    gate_options: tuple[str, ...] = (),
) -> Iterator[Project]:
    """Copy ``tests/apps/<name>/project`` twice and serve both: ``python -m <command>`` with ``{app}`` filled in.

    ``prepare`` is run in each copy first, such as ``("python", "make_people.py")``; ``environ`` is what both get.
    ``files`` are put beside the wrapped one, by their names: what a recipe says. ``gate_options`` are for its server alone.
    """
    # Flask names the methods of a page in the order of a set, which would be another one in each process.
    given = {"SECRET_KEY": "the secret of the shop", "PYTHONHASHSEED": "0", **(environ or {})}
    with ExitStack() as stack:
        servers = []
        for what, target in (("bare", app), ("wrapped", wrapped)):
            copy = folder / what
            shutil.copytree(APPS / name / "project", copy, ignore=shutil.ignore_patterns("__pycache__"))
            (copy / "people.json").write_text(json.dumps(dict.fromkeys(PEOPLE, PASSWORD)))
            for file, text in (files or {}).items() if what == "wrapped" else ():
                (copy / file).parent.mkdir(parents=True, exist_ok=True)
                (copy / file).write_text(text, encoding="utf-8")
            if prepare:
                run(copy, *prepare, environ=given)
            if what == "wrapped":
                run(copy, "twofa", "init", "--file", settings, environ=given)
            filled = [part.replace("{app}", target) for part in command]
            if what == "wrapped":
                filled[1:1] = gate_options
            servers.append(stack.enter_context(running(copy, *filled, environ=given)))
        yield Project(*servers, iter(PEOPLE))
        for server in servers:
            assert "Traceback" not in server.log(), server.log()


def run(folder: Path, *command: str, environ: Mapping[str, str] | None = None) -> str:
    """Run a command of the environment that the tests run in, in the folder; what it says."""
    program = Path(sys.executable).parent / command[0]
    ended = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env=os.environ | (environ or {}),
        capture_output=True,
        text=True,
        timeout=INIT_SECONDS,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
