"""Settings that cannot be used: each server ends without having served anything, with one line that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers.commands import WAYS
from servers.site import prepare
from support.servers import FOLDER, TESTS

ONE_PROCESS = [
    "gunicorn sync",
    "gunicorn gthread, preloaded, by target",
    "waitress",
    "granian wsgi",
    "granian asgi",
    "uvicorn",
    "hypercorn",
]
CODE_OF_ITS_OWN = ("hypercorn", "uvicorn, 4 workers")
"""They end with 0, whatever kept their workers from starting."""
SAID = 'twofa.toml: [apps.shop] identity 1: in place of use = "CHOOSE" say how the app tells who is logged in'


def ended(folder: Path, name: str) -> tuple[int, str]:
    """Exit code, and what it said; a server that goes on is killed, and that is a failure."""
    way = WAYS[name]
    environ = prepare(folder) | way.environ
    settings = folder / "twofa.toml"
    settings.write_text(settings.read_text().replace('"signed_cookie"', '"CHOOSE"', 1))
    done = subprocess.run(
        [sys.executable, "-m", *(part.replace("{port}", "0") for part in way.command)],
        env=os.environ | {FOLDER: str(folder), "PYTHONPATH": str(TESTS)} | environ,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", [*ONE_PROCESS, "uvicorn, 4 workers", "granian wsgi, 4 workers"])
def test_a_resolver_that_is_still_to_be_chosen_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    code, said = ended(tmp_path, name)
    assert (code == 0) == (name in CODE_OF_ITS_OWN)
    assert "Traceback" not in said
    assert SAID in said
    if name in ONE_PROCESS:
        assert said.count(SAID) == 1
