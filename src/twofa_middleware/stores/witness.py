"""The witness: a file outside the store that remembers, over restarts, the latest line of the store that was seen.

``[store] witness`` names it. It has two lines of text, "twofa witness 1 STORE_ID" and the store's line. Any number of
processes share it, each puts the later line there. A missing or damaged one is made anew, and told: whoever takes it away
lets an older copy be served, and that is the way to let it be served on purpose. A file of something else is left alone.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .line import Line

if TYPE_CHECKING:
    from ..settings import Settings

LOGGER = logging.getLogger("twofa_middleware")
HEAD = "twofa witness 1 "
_MOST_BYTES = 4096


def witness_of(settings: Settings) -> Witness:
    """The witness that the settings name; ConfigError where that is a file of something else."""
    witness = Witness(settings.folder / settings.store.witness, settings.store_id)
    try:
        witness.look()
    except ConfigError as error:
        raise ConfigError(f"{settings.source}: {error}") from None
    return witness


class Witness:
    """The file at ``path``, for the store ``store_id``; that of another store counts for nothing."""

    def __init__(self, path: Path, store_id: str) -> None:
        self.path = path
        self._head = f"{HEAD}{store_id}"
        self._is_failing = False

    def read(self) -> Line:
        """The latest line that was seen; one without a tick where the file does not say, which is told."""
        try:
            line, warning = self.look()
        except ConfigError as error:  # it has come since the start
            line, warning = Line(), str(error)
        if warning:
            LOGGER.warning("%s", warning)
        return line

    def look(self) -> tuple[Line, str]:
        """The line, and what is to be told of the file, or nothing; ConfigError for a file of something else."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("ascii", "replace")
        except FileNotFoundError:
            return Line(), f"there is no witness at {self.path}: whether the store is an older copy cannot be told yet"
        except OSError as error:
            return Line(), f"the witness {self.path} cannot be read: {error.strerror}; it tells of no older copy"
        if text and not text.startswith(HEAD):
            raise ConfigError(f"[store] witness: {self.path} is a file of something else: name another one")
        head, _, rest = text.partition("\n")
        if text and head != self._head:
            return Line(), f"the witness {self.path} was of another store: it begins anew"
        line = Line.of(rest.removesuffix("\n"))
        return line, "" if line.count else f"the witness {self.path} is damaged: it begins anew"

    def write(self, line: Line) -> None:
        """Put the line there if it is later. What fails is told once, and tried again with the next."""
        try:
            there, _ = self.look()
            if line.count > there.count:
                self._put(f"{self._head}\n{line}\n")
        except (OSError, ConfigError) as error:
            if not self._is_failing:
                LOGGER.warning("the witness %s cannot be written, it is tried again: %s", self.path, error)
            self._is_failing = True
        else:
            self._is_failing = False

    def _put(self, text: str) -> None:
        """Whole or not at all, for its owner alone."""
        number, part = tempfile.mkstemp(prefix=f"{self.path.name}.", suffix=".part", dir=self.path.parent)
        try:
            with os.fdopen(number, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
