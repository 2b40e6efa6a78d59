"""What the recipe for FastAPI has twofa do, done on its shop."""

from __future__ import annotations

import json
from pathlib import Path

from support.recipes import obeyed


def test_every_line_for_twofa_does_what_the_recipe_says(tmp_path: Path) -> None:
    said = obeyed("fastapi", "fastapi", tmp_path)
    assert list(said) == ["twofa init", "twofa check shop:app --user erin"]
    walked = json.loads(said["twofa check shop:app --user erin"])
    assert (walked["problems"], walked["notes"]) == (0, [])
