"""``roles_file``: who has which role, in a JSON file such as ``{"erin": ["Operators"]}``.

    roles = { use = "roles_file", path = "var/roles.json" }

The file is looked at for each question and read when it has changed. If it cannot be read, that raises: the gate answers
503, since nobody could tell whether a role demands a second factor.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from twofa_middleware.http import Request
from twofa_middleware.protocol import Flow, Login, PluginContext


class RolesFileOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``path`` is relative to the folder of the settings."""

    path: str


class RolesFile:
    Options: ClassVar[type] = RolesFileOptions

    def __init__(self, options: RolesFileOptions, context: PluginContext) -> None:
        self._path = context.folder / options.path
        self._read: tuple[tuple[int, int, int], dict[str, frozenset[str]]] | None = None

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        return self._table().get(login.user, frozenset())
        yield  # makes it a flow: one that has nothing to ask

    def _table(self) -> dict[str, frozenset[str]]:
        status = self._path.stat()
        state = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._read is None or self._read[0] != state:
            self._read = state, msgspec.json.decode(self._path.read_bytes(), type=dict[str, frozenset[str]])
        return self._read[1]
