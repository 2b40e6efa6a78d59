"""From files and the environment to one document, and where each of its values stands.

The file lies at the bottom, over it the fragments ``*.toml`` of the folder ``twofa.d`` beside it, sorted by name, over
them ``TWOFA__SECTION__KEY`` of the environment. A table of a fragment goes into the one that is there; whatever else it
says takes the place of what was there, and so does a table that names a plugin by ``use``. ``"key+" = [...]`` adds to a
list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .reading import ENVIRONMENT_PREFIX, value_of

_PLACE = re.compile(r"^(?:\[([^\]]+)\] ?)?([^ ]*)(?: ([0-9]+))?")
_LAST_PART = re.compile(r"\.[^.\[\]]*$|\[[0-9]+\]$")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A file of ``twofa.d``: what errors call it, and its text."""

    label: str
    text: str = field(repr=False)


@dataclass(slots=True)
class Layers:
    """Where the values stand. ``file`` is at the bottom, ``others`` lie over it. ``replaced`` tells what a fragment has
    taken the place of, and which tables a variable has, a line each; it is logged at every start."""

    file: str = "settings"
    others: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    _sources: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        return f"{self.file} with {', '.join(self.others)}" if self.others else self.file

    def source_of(self, place: str) -> str:
        """The one file or variable in which a value stands, by ``apps.shop.identity[0]`` or as errors call the place,
        ``[apps.shop] identity 1``; all of them, where it stands in several or in none."""
        key = _key_of(place)
        if below := {source for known, source in self._sources.items() if _is_in(known, key)}:
            return below.pop() if len(below) == 1 else self.whole
        while key and key not in self._sources:
            key = _LAST_PART.sub("", key) if _LAST_PART.search(key) else ""
        return self._sources.get(key, self.whole)

    def is_said(self, key: str) -> bool:
        """Whether a value stands in a file or a variable, and is no default."""
        return any(_is_in(known, key) for known in self._sources)

    def put(self, place: str, value: object, source: str) -> None:
        """From now on the value of a place stands in ``source``."""
        for known in [known for known in self._sources if _is_in(known, place)]:
            del self._sources[known]
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                self.put(f"{place}.{key}" if place else key, inner, source)
        else:
            self._sources[place] = source


def read(
    path: Path, fragments: list[Fragment], environ: Mapping[str, str], default_of: Callable[[str], Any]
) -> tuple[dict[str, Any], Layers]:
    """The document of all layers together. ``default_of`` tells the default of a dotted key."""
    layers = Layers(str(path))
    document = _parsed(str(path), text_of(path))
    layers.put("", document, str(path))
    for fragment in fragments:
        layers.others.append(fragment.label)
        _merge(document, _parsed(fragment.label, fragment.text), "", fragment.label, layers, default_of)
    spelt: dict[str, str] = {}
    for variable in sorted(name for name in environ if name.startswith(ENVIRONMENT_PREFIX)):
        if (other := spelt.setdefault(variable.lower(), variable)) != variable:
            raise ConfigError(
                f"environment variables {other} and {variable} are the same setting: take one of them out"
            )
        layers.others.append(variable)
        _overlay(document, variable, environ[variable], layers)
    return document, layers


def text_of(path: Path) -> str:
    """The text of a settings file; ConfigError says why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; `twofa init` writes a first one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def folder_of(path: Path) -> Path:
    """The folder of the fragments: beside the file, with its name and ``.d``, such as ``twofa.d``."""
    beside, real = path.with_suffix(".d"), path.resolve().with_suffix(".d")
    if beside.exists() and real.exists() and beside.resolve() != real.resolve():
        raise ConfigError(f"{path} is a link, and both {beside} and {real} are there: remove one of them")
    return real if real.exists() and not beside.exists() else beside


def fragments_of(path: Path) -> list[Fragment]:
    """The fragments of a settings file, in the order in which they go over it. One that cannot be read stops the start."""
    folder = folder_of(path)
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error}") from None
    names = [name for name in names if name.endswith(".toml") and not name.startswith(".")]
    return [Fragment(str(folder / name), text_of(folder / name)) for name in names]


def _parsed(label: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{label}: cannot be read: {error}") from None


def _merge(
    base: dict[str, Any],
    over: dict[str, Any],
    where: str,
    label: str,
    layers: Layers,
    default_of: Callable[[str], Any],
) -> None:
    for written, value in over.items():
        key = written.removesuffix("+")
        place = f"{where}.{key}" if where else key
        there = base.get(key)
        if place == "store" and isinstance(there, str) and isinstance(value, dict):
            there = base[key] = {"url": there}
            layers.put("store", there, layers.source_of("store"))
        if key != written:
            base[key] = _added(there, value, place, label, layers, default_of)
        elif isinstance(value, dict) and "use" not in value and (there is None or isinstance(there, dict)):
            _merge(base.setdefault(key, {}), value, place, label, layers, default_of)
        else:
            if key in base:
                layers.replaced.append(f"{label}: {place} takes the place of what {layers.source_of(place)} says")
            base[key] = value
            layers.put(place, value, label)


def _added(
    there: object, value: object, place: str, label: str, layers: Layers, default_of: Callable[[str], Any]
) -> list[Any]:
    """The list with more at its end. Where no layer says it, its default is the list."""
    if there is None:
        there = list(default_of(place) or [])
    if not isinstance(there, list) or not isinstance(value, list):
        raise ConfigError(f'{label}: "{place}+" adds to a list; both have to be lists: write "{place}" to replace it')
    for number in range(len(there), len(there) + len(value)):
        layers.put(f"{place}[{number}]", None, label)
    return [*there, *value]


def _overlay(document: dict[str, Any], variable: str, text: str, layers: Layers) -> None:
    *sections, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
    table = document
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigError(f"environment variable {variable}: {section} is no section of the settings")
    label, place, there = f"environment variable {variable}", ".".join((*sections, key)), table.get(key)
    value = value_of(text)
    if isinstance(there, dict) and (lost := sorted(there.keys() - (value.keys() if isinstance(value, dict) else ()))):
        # One value over another is what a variable is for; that the rest of a table goes with it is easily overlooked.
        layers.replaced.append(
            f"{label}: {place} takes the place of the whole table that {layers.source_of(place)} says, "
            f"without its {', '.join(lost)}"
        )
    table[key] = value
    layers.put(place, value, label)


def _key_of(place: str) -> str:
    section, key, number = _PLACE.findall(place)[0]
    return ".".join(filter(None, (section, f"{key}[{int(number) - 1}]" if number else key)))


def _is_in(known: str, place: str) -> bool:
    return not place or known == place or known.startswith((f"{place}.", f"{place}["))
