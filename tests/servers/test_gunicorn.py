"""The configuration for gunicorn: no worker ever serves the app without a gate in front of it. Attack 22."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from gunicorn.config import Config

from servers.commands import ASGI, GATED, GUNICORN, WSGI
from servers.site import Wire, prepare, sent_to, visitor_of
from support.exchange import Reply
from support.servers import FOLDER, TESTS, Server, calls_file, running
from twofa_middleware_wsgi import gunicorn as configuration

BEFORE_IT_LISTENS, WHATEVER_IS_RAISED, AS_A_WORKER_BOOTS = 1, 3, 4
OWN = "from twofa_middleware_wsgi.gunicorn import *\n"
TOLD_BY_HOOK = """
def post_worker_init(worker):
    worker.log.info("the hook of the site was called")
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return prepare(tmp_path)


def ends(code: int, folder: Path, environ: dict[str, str], *command: str) -> str:
    """What gunicorn said until it ended, as it has to."""
    calls_file(folder).touch()
    ours = {FOLDER: str(folder), "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        [sys.executable, "-m", *(part.replace("{port}", "0") for part in command)],
        env=os.environ | ours | environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert calls_file(folder).read_text() == ""
    assert "Traceback" not in done.stderr or code == WHATEVER_IS_RAISED
    return done.stderr


def test_it_sets_nothing_but_its_hooks() -> None:
    assert set(vars(configuration)) & set(Config().settings) == set(configuration.__all__)


@pytest.mark.parametrize("more", [[], ["--workers=4"], ["--preload"], ["--reload"], ["--worker-class=gthread"]])
def test_a022_without_settings_no_worker_starts(tmp_path: Path, more: list[str]) -> None:
    told = ends(BEFORE_IT_LISTENS, tmp_path, {}, *GATED, *more, WSGI)
    assert "twofa_middleware: twofa.toml: there is no such file" in told


def test_a022_with_settings_that_cannot_be_used_no_worker_starts(tmp_path: Path, environ: dict[str, str]) -> None:
    told = ends(BEFORE_IT_LISTENS, tmp_path, environ | {"TWOFA_APP": ""}, *GATED, WSGI)
    assert "has several apps (office, shop)" in told
    told = ends(BEFORE_IT_LISTENS, tmp_path, environ | {"TWOFA_APP": "shops"}, *GATED, WSGI)
    assert 'there is no [apps.shops]; did you mean "shop"?' in told
    told = ends(AS_A_WORKER_BOOTS, tmp_path, environ | {"TWOFA_TEST_SECRET": ""}, *GATED, WSGI)
    assert "the variable TWOFA_TEST_SECRET is empty" in told


def test_a022_whatever_is_raised_in_the_hook_no_worker_starts(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "site_conf.py").write_text(OWN + "def post_worker_init(worker): raise OSError('the hook has failed')\n")
    told = ends(WHATEVER_IS_RAISED, tmp_path, environ, *GUNICORN, "-c", "site_conf.py", WSGI)
    assert "the hook has failed" in told


def test_a_worker_class_of_the_other_colour_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    assert "the app is ASGI, and SyncWorker serves WSGI" in ends(AS_A_WORKER_BOOTS, tmp_path, environ, *GATED, ASGI)
    told = ends(AS_A_WORKER_BOOTS, tmp_path, environ, *GATED, "--worker-class=asgi", WSGI)
    assert "the app is WSGI, and ASGIWorker serves ASGI" in told


def test_an_app_that_brings_its_own_gate_gets_no_second_one(tmp_path: Path, environ: dict[str, str]) -> None:
    door = "twofa_middleware.wsgi:application"
    told = ends(AS_A_WORKER_BOOTS, tmp_path, environ | {"TWOFA_TARGET": WSGI}, *GATED, door)
    assert "the app is behind the gate already" in told


@pytest.fixture(params=["sync", "gthread", "asgi", "uvicorn.workers.UvicornWorker"])
def kind(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A worker class and an app for it."""
    return f"--worker-class={request.param}", WSGI if request.param in ("sync", "gthread") else ASGI


def is_gated(server: Server, user: str) -> None:
    """Who has a second factor and has not shown it gets nothing of the app, whatever the worker."""
    visitor = visitor_of(server)
    assert sent_to(visitor.post("/login", {"user": user})) == (303, "/")
    visitor.set_up()
    assert visitor.codes
    later = visitor.elsewhere()
    assert sent_to(later.post("/login", {"user": user})) == (303, "/2fa/verify")
    before = server.calls()
    for _ in range(8):
        assert sent_to(later.go("/")) == (303, "/2fa/verify")
    assert server.calls() == before


def test_a_hook_of_the_site_is_called_and_does_not_replace_ours(
    tmp_path: Path, environ: dict[str, str], kind: tuple[str, str]
) -> None:
    (tmp_path / "site_conf.py").write_text(OWN + TOLD_BY_HOOK)
    with running(tmp_path, *GUNICORN, "-c", "site_conf.py", *kind, environ=environ) as server:
        is_gated(server, "erin")
        assert "the hook of the site was called" in server.log()
        assert "shop is behind the gate; mode enforce" in server.log()


def test_a_hook_of_the_site_may_call_ours(tmp_path: Path, environ: dict[str, str]) -> None:
    own = "from twofa_middleware_wsgi import gunicorn as gate\nfrom twofa_middleware_wsgi.gunicorn import *\n"
    own += "def post_worker_init(worker):\n    gate.post_worker_init(worker)\n    worker.log.info('and on')\n"
    (tmp_path / "gunicorn.conf.py").write_text(own)
    with running(tmp_path, *GUNICORN, WSGI, environ=environ) as server:
        is_gated(server, "erin")
        assert server.log().count("is behind the gate") == 1


# uvicorn's worker class calls no hook before a request: docs/serving.md says so.
@pytest.mark.parametrize("kind", ["sync", "gthread", "asgi"], indirect=True)
def test_a022_where_all_hooks_are_replaced_nothing_of_the_app_is_served(
    tmp_path: Path, environ: dict[str, str], kind: tuple[str, str]
) -> None:
    own = OWN + "def nworkers_changed(server, new, old): pass\ndef post_worker_init(worker): pass\n"
    (tmp_path / "site_conf.py").write_text(own)
    with running(tmp_path, *GUNICORN, "-c", "site_conf.py", *kind, environ=environ) as server:
        reply = answered(server)
        assert (reply.status, server.calls()) == (500, [])
        assert "the secret page" not in reply.text
    assert "there is no gate in front of the app" in server.log()


def answered(server: Server) -> Reply:
    """A sync worker hangs up right behind its error, which a client may then have lost: it comes again."""
    for _ in range(5):
        with suppress(ConnectionResetError):
            return Wire(server.port).request("GET", "/")
    raise AssertionError("no answer came, only resets")


def test_a_configuration_that_is_not_read_any_more_is_told(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("workers = 2\n")
    with running(tmp_path, *GATED, WSGI, environ=environ) as server:
        is_gated(server, "erin")
    assert "gunicorn.conf.py is not read, since -c names twofa_middleware_wsgi.gunicorn" in server.log()


SHOP = "from support.shop import wsgi as shop\n\ndef app(environ, start_response):\n    return shop(environ, start_response)\n"


@pytest.fixture
def reloading(tmp_path: Path, environ: dict[str, str]) -> Iterator[Server]:
    (tmp_path / "my_shop.py").write_text(SHOP)
    more = ("--reload", "--reload-engine=poll", "--workers=2")
    with running(tmp_path, *GATED, *more, "my_shop:app", environ=environ) as server:
        yield server


def booted(server: Server, count: int) -> None:
    until = time.monotonic() + 60
    while server.log().count("is behind the gate") < count:
        assert time.monotonic() < until, server.log()
        time.sleep(0.1)


def test_a_worker_that_is_started_anew_since_code_has_changed_has_a_gate(reloading: Server) -> None:
    is_gated(reloading, "erin")
    booted(reloading, 2)
    (reloading.folder / "my_shop.py").write_text(SHOP + "# changed\n")
    booted(reloading, 4)
    is_gated(reloading, "dora")


def test_a_syntax_error_under_reload_lets_nobody_past_the_gate(reloading: Server) -> None:
    is_gated(reloading, "erin")
    booted(reloading, 2)
    (reloading.folder / "my_shop.py").write_text("def app(:\n")
    booted(reloading, 4)
    later = visitor_of(reloading)
    later.cookies["session"] = "nobody"
    assert later.go("/2fa/health/live").status == 200


def test_a_hangup_makes_new_workers_with_a_gate(tmp_path: Path, environ: dict[str, str]) -> None:
    pid_file = tmp_path / "pid"
    with running(tmp_path, *GATED, "--workers=2", "--preload", f"--pid={pid_file}", WSGI, environ=environ) as server:
        is_gated(server, "erin")
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
        booted(server, 4)
        is_gated(server, "dora")
