"""What a setting is, what it means, and in which file or variable it stands."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from ..errors import ConfigError
from ..settings import Settings
from ..settings.reading import did_you_mean

_SECRETIVE = ("secret", "password", "token", "key", "url")


@dataclass(frozen=True, slots=True)
class Explained:
    """``source`` is None for a default."""

    key: str
    value: str
    source: str | None
    meaning: str

    def text(self) -> str:
        where = f"from {self.source}" if self.source else "the default"
        return "\n".join(
            filter(None, (f"{self.key} = {self.value}", f"    {where}", self.meaning and f"    {self.meaning}"))
        )

    def document(self) -> dict[str, str | None]:
        return {"key": self.key, "value": self.value, "source": self.source, "meaning": self.meaning}


def explained(settings: Settings, key: str) -> list[Explained]:
    """The setting of this dotted key, such as ``apps.shop.login``, or all of a table. ConfigError for one that is not
    there."""
    found: Any = settings
    kind: type = Settings
    walked: list[str] = []
    for part in key.split("."):
        kind = type(found)
        names = _names(found)
        if part not in names:
            place = f" in [{'.'.join(walked)}]" if walked else ""
            raise ConfigError(f'there is no key "{part}"{place}{did_you_mean(part, names)}')
        found = found[part] if isinstance(found, Mapping) else getattr(found, part)
        walked.append(part)
    if isinstance(found, msgspec.Struct):
        return [_one(settings, type(found), f"{key}.{name}", getattr(found, name)) for name in _names(found)]
    if isinstance(found, Mapping) and found and all(isinstance(one, msgspec.Struct) for one in found.values()):
        return [one for name in found for one in explained(settings, f"{key}.{name}")]
    return [_one(settings, kind, key, found)]


def _one(settings: Settings, kind: type, key: str, value: object) -> Explained:
    name = key.rpartition(".")[2]
    source = settings.source_of(key) if settings.layers.is_said(key) else None
    return Explained(key, _shown(name, value), source, _meanings(kind).get(name, ""))


def _names(found: object) -> list[str]:
    if isinstance(found, Mapping):
        return [str(name) for name in found]
    if isinstance(found, msgspec.Struct):
        return [name for name in found.__struct_fields__ if name not in ("folder", "source", "layers")]
    return []


def _shown(name: str, value: object) -> str:
    """The value as it stands in a file; addresses without what may be a password, secrets as the references they are."""
    if isinstance(value, msgspec.Struct):
        return "{ … }"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_shown(str(key), one)}' for key, one in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_shown(name, one) for one in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "not set"
    if isinstance(value, str):
        is_secret = any(word in name for word in _SECRETIVE) and not value.startswith(("env:", "file:", "callable:"))
        return "(not shown)" if is_secret and ("@" in value or "url" not in name) else f'"{value}"'
    return str(value)


def _meanings(kind: type) -> dict[str, str]:
    """The sentence that stands below each key in the module of the settings."""
    try:
        tree = ast.parse(inspect.getsource(kind))
    except (OSError, TypeError):
        return {}
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    return {
        item.target.id: " ".join(str(below.value.value).split())
        for item, below in pairwise(body)
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }
