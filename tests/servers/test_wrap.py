"""``twofa wrap shop:app``: what it serves, to whom, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from servers.site import prepare, sent_to, visitor_of
from support.servers import FOLDER, TESTS, Server, calls_file
from support.visitor import Visitor

MAIN = "from twofa_middleware.cli import main; main()"
WITHOUT_WAITRESS = f"import sys; sys.modules['waitress'] = None; {MAIN}"
SHOP = """
from support.shop import asgi, wsgi

class Odd:
    def __call__(self, *arguments):
        return wsgi(*arguments)

odd = Odd()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_shop.py").write_text(SHOP)
    calls_file(tmp_path).touch()
    return tmp_path


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    return prepare(folder, shop={"origins": ["https://shop.example"]})


def started(folder: Path, environ: dict[str, str], *arguments: str, code: str = MAIN) -> subprocess.Popen[str]:
    ours = {FOLDER: str(folder), "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, "wrap", *arguments],
        env=os.environ | ours | environ | {"TWOFA_APP": ""},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(folder: Path, environ: dict[str, str], *arguments: str) -> tuple[int, str]:
    process = started(folder, environ, *arguments)
    try:
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, told


@contextmanager
def wrapped(folder: Path, environ: dict[str, str], *arguments: str, code: str = MAIN) -> Iterator[tuple[Server, str]]:
    """The server, and what it said at its start; it ends by Ctrl-C, without a word and with code 0."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = started(folder, environ, "--name=shop", f"--port={port}", *arguments, code=code)
    try:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C ends it." not in said:
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 20).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, process.communicate()
        yield Server(port, folder), said
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=30)
        assert (process.returncode, rest) == (0, "")
        assert "Traceback" not in told
        assert told == "" or "waitress" in told
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("arguments", "code", "colour"),
    [
        (["my_shop:wsgi"], MAIN, "WSGI"),
        (["my_shop:wsgi"], WITHOUT_WAITRESS, "WSGI"),
        (["my_shop:asgi"], MAIN, "ASGI"),
        (["support.shop:create_app('asgi')"], MAIN, "ASGI"),
        (["my_shop:odd", "--wsgi", "--host=localhost"], MAIN, "WSGI"),
    ],
)
def test_an_app_is_seen_behind_the_gate(
    folder: Path, environ: dict[str, str], arguments: list[str], code: str, colour: str
) -> None:
    with wrapped(folder, environ, *arguments, code=code) as (server, said):
        here = f"http://127.0.0.1:{server.port}"
        assert f"origins of [apps.shop] for this run: {here}, http://localhost:{server.port}" in said
        assert f"{arguments[0]} is behind the gate as shop ({colour}, mode enforce): {here}/" in said
        erin = visitor_of(server)
        erin.origin = here
        assert sent_to(erin.post("/login", {"user": "erin"})) == (303, "/")
        erin.set_up()
        assert len(erin.codes) == 10
        other: Visitor = erin.elsewhere()
        assert sent_to(other.post("/login", {"user": "erin"})) == (303, "/2fa/verify")
        before = server.calls()
        assert sent_to(other.go("/")) == (303, "/2fa/verify")
        assert server.calls() == before


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example", "", "127.0.0.1.example", "2130706433"])
def test_nobody_else_is_served(folder: Path, environ: dict[str, str], host: str) -> None:
    code, told = refused(folder, environ, "my_shop:wsgi", "--name=shop", f"--host={host}")
    assert code == 2
    assert f"--host {host}: only this machine itself is served, since passwords and cookies go over plain http" in told


def test_without_settings_it_says_what_writes_them(folder: Path) -> None:
    code, told = refused(folder, {}, "my_shop:wsgi")
    assert code == 2
    assert "`twofa propose my_shop:wsgi` writes one that fits the app, `twofa init` an empty one" in told


def test_what_cannot_be_told_is_asked_for(folder: Path, environ: dict[str, str]) -> None:
    code, told = refused(folder, environ, "my_shop:odd", "--name=shop")
    assert (code, "say --wsgi or --asgi" in told) == (2, True)
    code, told = refused(folder, environ, "my_shop:wsgi")
    assert (code, "several apps (office, shop): say by --name" in told) == (2, True)
    code, told = refused(folder, environ, "my_shop:wsgi", "--name=shop", "--file=other.toml")
    assert (code, "other.toml: there is no such file" in told) == (2, True)
    code, told = refused(folder, environ, "my_shop:nothing", "--name=shop")
    assert (code, "my_shop has no nothing" in told) == (2, True)


def test_a_port_that_is_taken_is_told(folder: Path, environ: dict[str, str]) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, told = refused(folder, environ, "my_shop:wsgi", "--name=shop", f"--port={port}")
    assert code == 1
    assert re.search(rf"127\.0\.0\.1 port {port} cannot be served: .*; --port takes another", told)
