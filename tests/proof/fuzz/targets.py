"""All targets, by their names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .cookies import Cookies
from .engine import Breach
from .forms import Forms
from .heads import Heads
from .nexts import Nexts
from .pages import Pages
from .records import Records, RecordsInRedis
from .tokens import Tokens

IN_A_WORLD: dict[str, Callable[[Path, str], Any]] = {
    kind.name: kind for kind in (Cookies, Forms, Heads, Nexts, Tokens, Records, RecordsInRedis)
}
ALONE: dict[str, Callable[[], Any]] = {kind.name: kind for kind in (Pages,)}
NAMES = (*IN_A_WORLD, *ALONE)
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files need no disk, if there is such a place."""
CORPUS = Path(__file__).parent / "corpus"


@contextmanager
def opened(name: str, adapter: str) -> Iterator[Any]:
    """A target, on an adapter where it is about requests."""
    with TemporaryDirectory(prefix="twofa-", dir=IN_MEMORY) as folder:
        target = IN_A_WORLD[name](Path(folder), adapter) if name in IN_A_WORLD else ALONE[name]()
        try:
            yield target
        finally:
            target.close()


def corpus(name: str) -> list[bytes]:
    """Inputs by which something was found once."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("[!.]*"))]


def keep(breach: Breach) -> Path:
    """Put what was found into the corpus."""
    path = CORPUS / breach.target / hashlib.sha256(breach.data).hexdigest()[:16]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(breach.data)
    return path
