"""Settings as a file has them, in the smallest form that starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.settings import Settings

SMALLEST = """\
realm = "demo"
name = "Portal"

[apps.shop]
origins = ["https://shop.example.org"]
identity = [{ use = "remote_user" }]
"""


def document(*, app: dict[str, Any] | None = None, without: str = "", **changes: Any) -> dict[str, Any]:
    """The smallest settings with changes: of top-level keys, and of the app ``shop``; ``without`` leaves a key out."""
    shop: dict[str, Any] = {
        "origins": ["https://shop.example.org"],
        "identity": [{"use": "remote_user"}],
        **(app or {}),
    }
    made = {"realm": "demo", "name": "Portal", "apps": {"shop": shop}, **changes}
    (made if without in made else shop).pop(without, None)
    return made


def settings(**changes: Any) -> Settings:
    return Settings.of(document(**changes))


def refusal(**changes: Any) -> str:
    """Why the settings are refused, without the name of the file, which every message begins with."""
    with pytest.raises(ConfigError) as refused:
        Settings.of(document(**changes), source="twofa.toml")
    message = str(refused.value)
    assert message.startswith("twofa.toml: ")
    assert "\n" not in message
    return message.removeprefix("twofa.toml: ")


def written(folder: Path, text: str) -> Path:
    """The text as a settings file."""
    path = folder / "twofa.toml"
    path.write_text(text, encoding="utf-8")
    return path
