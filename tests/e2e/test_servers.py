"""Both portals on the servers that people use, mounted below a path: redirects, own pages, files and cookies."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.portals import ROOT, free_ports
from portal_people import DEMO_PASSWORDS
from run import Portal, prepare
from support.exchange import Pairs, Reply
from support.realm import ORIGIN, Clock
from support.visitor import Visitor

MOUNT = "/portal"
START_SECONDS = 30
GUNICORN = ["gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "produce_demo.wsgi:application"]
SERVERS: dict[str, tuple[str, list[str]]] = {
    "waitress": (
        "produce",
        ["waitress", "--listen=127.0.0.1:{port}", f"--url-prefix={MOUNT}", "produce_demo.wsgi:application"],
    ),
    "gunicorn sync": ("produce", GUNICORN),
    "gunicorn gthread": ("produce", [*GUNICORN, "--worker-class=gthread", "--threads=4"]),
    "uvicorn": (
        "manage",
        ["uvicorn", "--host=127.0.0.1", "--port={port}", f"--root-path={MOUNT}", "manage_demo.asgi:application"],
    ),
}


@dataclass
class Wire:
    """Exchanges requests with a server. ``strips``: what is in front of it takes the mount off, as uvicorn expects."""

    name: str
    port: int
    strips: bool

    def request(
        self, method: str, target: str, headers: Pairs | None = None, body: bytes = b"", *, root: str = ""
    ) -> Reply:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, target if self.strips else root + target, body or None, dict(headers or []))
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())


@pytest.fixture(params=SERVERS)
def wire(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    app, command = SERVERS[request.param]
    [port] = free_ports(1)
    monkeypatch.setenv("PORTAL_DB", "")  # taken back afterwards: prepare sets it
    both = Portal("produce", port, []), Portal("manage", port, [])
    environment = prepare(both, tmp_path / "var", f"sqlite:///{tmp_path / 'var' / 'twofa.db'}", os.environ)
    environment[f"TWOFA__APPS__{app.upper()}__ORIGINS"] = f'["{ORIGIN}"]'
    if "gunicorn" in request.param:
        environment["SCRIPT_NAME"] = MOUNT
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.format(port=port) for part in command)],
            cwd=ROOT / "examples",
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    wire = Wire(app, port, strips=app == "manage")
    try:
        wait_for(wire, process, log)
        yield wire
    finally:
        process.terminate()
        process.wait(START_SECONDS)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_for(wire: Wire, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        try:
            wire.request("GET", f"/{wire.name}/login", root=MOUNT)
        except OSError:
            time.sleep(0.05)
        else:
            return


def log_in(visitor: Visitor, app: str) -> Reply:
    return visitor.post(f"/{app}/login", {"username": "admin", "password": DEMO_PASSWORDS["admin"]})


def test_everything_stays_below_the_mount(wire: Wire) -> None:
    app = wire.name
    home = f"{MOUNT}/{app}/"
    visitor = Visitor(wire, Clock(int(time.time())), root=MOUNT)
    sent_away = visitor.go(f"/{app}/")
    assert (sent_away.status, (sent_away.header("location") or "").partition("?")[0]) == (303, f"{home}login")
    assert visitor.go("/2fa/account").header("location") == f"{home}login"
    assert visitor.go(f"/{app}/static/portal.css").status == 200

    assert log_in(visitor, app).header("location") == home
    account = visitor.go("/2fa/account").text
    assert f'href="{MOUNT}/2fa/setup"' in account
    for attribute in ("href", "src"):
        _, found, rest = account.partition(f'{attribute}="{MOUNT}/2fa/static/')
        assert found
        assert visitor.go("/2fa/static/" + rest.partition('"')[0]).status == 200

    visitor.set_up()
    assert len(visitor.codes) == 10
    assert log_in(visitor, app).header("location") == f"{MOUNT}/2fa/verify?next={home}"
    assert visitor.go(f"/{app}/?page=2").header("location") == f"{MOUNT}/2fa/verify?next={home}%3Fpage%3D2"
    assert visitor.fetch(f"/{app}/").status == 403
    prompt = visitor.go(f"/2fa/verify?next={home}")
    passed = visitor.fill(prompt, "/verify", code=visitor.code(30), remember="1")
    assert (passed.status, passed.header("location")) == (303, home)
    cookies = passed.all("set-cookie")
    assert {line.partition("=")[0].split("-")[1] for line in cookies} == {"pass", "browser", "flow"}
    assert all("; Path=/;" in line and "HttpOnly" in line and "SameSite=Lax" in line for line in cookies)
    assert visitor.go(f"/{app}/").status == 200

    out = visitor.fill(visitor.go("/2fa/account"), "/logout")
    assert (out.status, out.header("location")) == (303, f"{home}login")
    assert visitor.go(f"/{app}/").status == 303
