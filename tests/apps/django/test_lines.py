"""What the recipe for Django has twofa do, done on its project."""

from __future__ import annotations

import json
from pathlib import Path

from support.recipes import obeyed

CHECK = "DJANGO_SETTINGS_MODULE=shop.settings twofa check shop.wsgi:application --user erin"
ENFORCE = "DJANGO_SETTINGS_MODULE=shop.settings twofa enforce Managers"


def test_every_line_for_twofa_does_what_the_recipe_says(tmp_path: Path) -> None:
    said = obeyed("django", "django", tmp_path, prepare=("python", "make_people.py"))
    assert list(said) == ["twofa init", CHECK, ENFORCE]
    walked = json.loads(said[CHECK])
    assert (walked["problems"], walked["notes"]) == (0, [])
    assert "Managers" in said[ENFORCE]
