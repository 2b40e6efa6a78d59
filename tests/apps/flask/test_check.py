"""``twofa check`` on a Flask-Login app, with the settings of the recipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.recipes import files_of

PROJECT = Path(__file__).parent / "project"


def test_the_recipe_has_no_problem(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    (tmp_path / "people.json").write_text(json.dumps({"erin": "a password"}))
    for name, text in files_of("flask").items():
        (tmp_path / name).write_text(text)
    twofa = str(Path(sys.executable).with_name("twofa"))
    environ = os.environ | {"SECRET_KEY": "the secret of the shop", "WORD": "a password"}
    command = [twofa, "check", "shop:app", "--user", "erin", "--secret", "env:WORD", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120)
    steps = json.loads(done.stdout)["steps"]
    assert (done.returncode, [step for step in steps if step["verdict"] == "problem"]) == (0, []), done.stderr
    assert len(steps) == 9
