"""Distributions that are put on the path as an installer would, for tests of what is offered by entry points."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twofa_middleware.plugins import GROUPS, plugin

Install = Callable[..., None]


@contextmanager
def site_packages(folder: Path) -> Iterator[Install]:
    """``install("door", "1.2", "identity", "door = door:Door", code)`` puts a distribution with one module there."""
    site = folder / "site-packages"
    site.mkdir()
    sys.path.insert(0, str(site))
    plugin.cache_clear()

    def installed(name: str, version: str, kind: str, entry: str, code: str = "") -> None:
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[{GROUPS[kind]}]\n{entry}\n")
        (info / "RECORD").write_text("")
        (site / f"{name}.py").write_text(code)
        importlib.invalidate_caches()

    yield installed
    sys.path.remove(str(site))
    ours = [name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(str(site))]
    for name in ours:
        del sys.modules[name]
    plugin.cache_clear()
