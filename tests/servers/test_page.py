"""Every command of docs/serving.md serves an app behind the gate, and its table of mounts is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from servers.commands import ASGI, ASGI_DOOR, GATED, GRANIAN, HYPERCORN, UVICORN, WSGI, WSGI_DOOR, Way
from servers.site import Wire, prepare, sent_to, visitor_of
from support.servers import running

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
MODULES = {"waitress-serve": "waitress"}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_serves_the_app_behind_the_gate(tmp_path: Path, line: str) -> None:
    (tmp_path / "shop.py").write_text("from support.shop import wsgi as app\n")
    (tmp_path / "live.py").write_text("from support.shop import asgi as app\n")
    environ, words = prepare(tmp_path), shlex.split(line)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environ[name] = value
    program, *rest = words
    assert any("8000" in word for word in rest)
    command = [MODULES.get(program, program), *(word.replace("8000", "{port}") for word in rest)]
    command += ["--no-control-socket"] * (program == "gunicorn")
    with running(tmp_path, *command, environ=environ) as server:
        erin = visitor_of(server)
        assert sent_to(erin.post("/login", {"user": "erin"})) == (303, "/")
        erin.set_up()
        assert erin.go("/").text == "the secret page of erin"
        other = erin.elsewhere()
        assert sent_to(other.post("/login", {"user": "erin"})) == (303, "/2fa/verify")
        before = server.calls()
        assert sent_to(other.go("/")) == (303, "/2fa/verify")
        assert server.calls() == before
    assert "Traceback" not in server.log()


def test_the_page_has_a_command_for_each_server() -> None:
    for name in ("gunicorn", "waitress-serve", "granian", "uvicorn", "hypercorn"):
        assert sum(name in line for line in COMMANDS) >= 1


MOUNT = "/portal"
WITH, EITHER, WITHOUT = "with the mount", "either", "without it"
SCRIPT_NAME = {"SCRIPT_NAME": MOUNT}
BY_GRANIAN = f"--url-path-prefix={MOUNT}"
MOUNTED = {
    "gunicorn": (Way((*GATED, WSGI)), SCRIPT_NAME, WITH),
    "gunicorn, ASGI": (Way((*GATED, "--worker-class=asgi", f"--root-path={MOUNT}", ASGI)), {}, EITHER),
    "waitress": (Way(("waitress", "--listen=127.0.0.1:{port}", f"--url-prefix={MOUNT}", WSGI_DOOR), WSGI), {}, EITHER),
    "granian, WSGI": (Way((*GRANIAN, "--interface=wsgi", BY_GRANIAN, WSGI_DOOR), WSGI), {}, WITH),
    "granian, ASGI": (Way((*GRANIAN, "--interface=asgi", BY_GRANIAN, ASGI_DOOR), ASGI), {}, EITHER),
    "uvicorn": (Way((*UVICORN, f"--root-path={MOUNT}"), ASGI), {}, WITHOUT),
    "hypercorn": (Way((*HYPERCORN, f"--root-path={MOUNT}"), ASGI), {}, EITHER),
}


class Stripping(Wire):
    """As a proxy that takes the mount off."""

    def request(self, *args: object, root: str = "", **named: object) -> object:  # type: ignore[override]
        return super().request(*args, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("server_name", MOUNTED)
def test_the_own_pages_lie_below_the_mount(tmp_path: Path, server_name: str) -> None:
    way, more, sends = MOUNTED[server_name]
    with running(tmp_path, *way.command, environ=prepare(tmp_path) | way.environ | more) as server:
        for number, kind in enumerate({WITH: (Wire,), WITHOUT: (Stripping,), EITHER: (Wire, Stripping)}[sends]):
            erin = visitor_of(server, MOUNT)
            erin.exchange = kind(server.port)
            erin.post("/login", {"user": f"erin-{number}"})
            page = erin.go("/2fa/setup").text
            assert f'href="{MOUNT}/2fa/static/' in page
            assert 'href="/2fa/' not in page
            erin.set_up()
            assert len(erin.codes) == 10
            other = erin.elsewhere()
            other.cookies["session"] = erin.cookies["session"]
            assert sent_to(other.go("/")) == (303, f"{MOUNT}/2fa/verify")
            other.recover(erin.codes[0])
            assert "the secret page" in other.go("/").text


def test_the_page_has_each_mount() -> None:
    for name in MOUNTED:
        assert f"| {name} |" in PAGE
