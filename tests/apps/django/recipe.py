"""The files of ``docs/recipes/django.md``, as the page has them."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "recipes" / "django.md"


def files() -> dict[str, str]:
    """By name: the code block after a paragraph that ends with the name."""
    found = dict(re.findall(r"`([\w/]+\.\w+)`[^`\n]*:\n\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S))
    assert set(found) == {"twofa.toml", "guarded.py", "guarded_asgi.py", "shop/settings_2fa.py"}
    return found
