"""What the recipe for any WSGI app has twofa do, done on its shop."""

from __future__ import annotations

import json
from pathlib import Path

from support.recipes import obeyed
from twofa_middleware.settings import Settings


def test_every_line_for_twofa_does_what_the_recipe_says(tmp_path: Path) -> None:
    said = obeyed("wsgi", "habits", tmp_path)
    assert list(said) == ["twofa propose shop:app", "twofa init", "twofa check shop:app --user erin"]
    proposed = Settings.load(tmp_path / "proposed.toml", environ={})
    assert (proposed.mode, list(proposed.apps)) == ("report", ["shop"])
    walked = json.loads(said["twofa check shop:app --user erin"])
    assert (walked["problems"], walked["notes"]) == (0, [])
