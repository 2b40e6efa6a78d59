"""Names of headers that a server or an app may take for one another."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from .errors import ConfigError

MOST_SPELLINGS = 1024


def spellings(names: Iterable[bytes]) -> frozenset[bytes]:
    """The names with ``-`` and ``_`` in every place of either, which CGI writes alike; ConfigError if there are too many."""
    found: set[bytes] = set()
    for name in names:
        parts = name.replace(b"_", b"-").split(b"-")
        if 2 ** (len(parts) - 1) > MOST_SPELLINGS:
            raise ConfigError(f'the header "{name.decode()}" has too many hyphens: the proxy has to send another name')
        for marks in product(b"-_", repeat=len(parts) - 1):
            found.add(parts[0] + b"".join(bytes((mark,)) + part for mark, part in zip(marks, parts[1:], strict=True)))
    return frozenset(found)
