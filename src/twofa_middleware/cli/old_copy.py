"""What ``twofa doctor`` finds by the witness: that the store is an older copy, or that it would not be noticed."""

from __future__ import annotations

from collections.abc import Iterator

from ..asks import ReadMark
from ..errors import ConfigError
from ..moving.carrying import one
from ..protocol import Finding
from ..stores.line import LINE, Line
from ..stores.newest import older
from ..stores.witness import witness_of
from .asking import Caller


def old_copy(caller: Caller) -> Iterator[Finding]:
    """Nothing where no witness is set. One that is a file of something else stops the start, which is told elsewhere."""
    if not caller.settings.store.witness:
        return
    try:
        seen, warning = witness_of(caller.settings).look()
    except ConfigError:
        return
    if warning:
        yield Finding(
            "witness does not tell",
            "warning",
            warning,
            "servers that are started believe an older copy of the store",
            "start a server that may write there; if the file was there before, find out who took it away",
        )
    found = Line.of(caller.ask(one(ReadMark(LINE))))
    if found.goes_on_from(seen) is False:
        said, _, remedy = older(found, seen).partition(": ")
        yield Finding(
            "store is an older copy",
            "problem",
            said,
            "servers that know it answer 503; what was spent and ended since counts again at the others",
            remedy,
        )
