"""Fragments of ``twofa.d`` that ``twofa plugins`` writes and takes away, and no other ones."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..settings import Settings
from ..settings.layers import Fragment, folder_of, fragments_of, text_of

_MARK = "# sha256 of the lines below, by which it is known that nobody has changed them: "
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def path_of(settings_file: Path, kind: str, name: str, app: str) -> Path:
    """Where the fragment of a plugin lies, or would lie."""
    words = ("plugin", kind, *filter(None, (app,)), name)
    return folder_of(settings_file) / f"{'-'.join(words)}.toml"


def text_for(kind: str, name: str, app: str, options: Mapping[str, Any], origin: str, *, adds: bool) -> str:
    """The fragment that enables a plugin. ``adds``: to the list that is there; else it takes the place of what is."""
    table = f"{{ {', '.join(f'{_key(key)} = {toml(value)}' for key, value in {'use': name, **options}.items())} }}"
    plus = '"{}+"' if adds else "{}"
    match kind:
        case "identity":
            lines = f"[apps.{_key(app)}]\n{plus.format('identity')} = [{table}]\n"
        case "events":
            lines = f'[events]\n"sinks+" = [{table}]\n'
        case _:
            lines = f"{kind} = {table}\n"
    return (
        f"# Written by `twofa plugins enable {name}` for {origin}; `twofa plugins disable {name}` takes it away.\n"
        "# You may change it: both commands then leave it alone.\n"
        f"{_MARK}{_digest(lines)}\n{lines}"
    )


def is_ours(text: str) -> bool:
    """Whether a fragment is as it was written."""
    _, _, rest = text.partition(_MARK)
    digest, _, lines = rest.partition("\n")
    return bool(digest) and digest == _digest(lines)


def settings_with(settings_file: Path, path: Path, text: str | None) -> Settings:
    """The settings as they would be with this fragment, or without it; ConfigError says why they would not do."""
    there = [one for one in fragments_of(settings_file) if Path(one.label) != path]
    if text is not None:
        there.append(Fragment(str(path), text))
    return Settings.of_layers(settings_file, sorted(there, key=lambda one: Path(one.label).name), os.environ)


def write(settings_file: Path, path: Path, text: str) -> None:
    """Write it whole or not at all, for those who may read and write the settings file, and nobody else."""
    status = settings_file.stat()
    mode = stat.S_IMODE(status.st_mode) & 0o644
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.stat().st_uid == os.geteuid() and not any(path.parent.iterdir()):
        path.parent.chmod(mode | (mode & 0o444) >> 2)
        _give(path.parent, status)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        _give(new, status)
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def unchanged(path: Path) -> str | None:
    """The text of a fragment that was written by the command; None if there is none. ConfigError if somebody changed it."""
    if not os.path.lexists(path):
        return None
    text = text_of(path)
    if not is_ours(text):
        raise ConfigError(f"{path}: it was changed by hand, so it is left alone: change it, or take it away, yourself")
    return text


def toml(value: object) -> str:
    """A plain value as TOML has it."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {toml(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)  # days and times


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _digest(lines: str) -> str:
    return hashlib.sha256(lines.encode()).hexdigest()


def _give(path: Path, status: os.stat_result) -> None:
    """To whom the settings file belongs: root may enable what the user of the app has to read."""
    if os.name == "posix" and os.geteuid() == 0:
        os.chown(path, status.st_uid, status.st_gid)
