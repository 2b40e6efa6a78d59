"""Secrets of a run that must be found nowhere: a register of them, the forms in which each may be written, and a search.

Whoever makes a secret in a test registers it with ``CANARIES``; ``tests/support/telling.py`` gathers what was written
meanwhile, and at the end of each test none of the one may stand in the other.

A secret of ``SHORTEST`` bytes or more is found in each of its forms at any place: as it is, percent-encoded, escaped as
by ``repr``, as JSON and HTML, in hexadecimal digits, in base32 and base64 of either alphabet, with padding or without, as
a part of something longer, and in either case of letters. A shorter one, such as a code of six digits, stands somewhere
by chance in long texts; it is looked for as a word by itself, and in short texts only. One of less than
``SHORTEST_WORD`` is no secret to look for.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote_from_bytes

SHORTEST = 12
SHORTEST_WORD = 6
_GRAM = 8
_STRIDE = 4
_SHORTEST_FORM = _GRAM + _STRIDE - 1
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,}")
_KEY = re.compile(r"[A-Z2-7]{26,}")


@dataclass(frozen=True)
class Found:
    kind: str
    form: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.form}"


@dataclass
class Canaries:
    """``kinds``: each secret with the word for what it is, in the order in which they came."""

    kinds: dict[bytes, str] = field(default_factory=dict)
    ever: list[tuple[bytes, str]] = field(default_factory=list)
    """All that were kept since the run began, for what outlives a test."""
    _forms: dict[str, dict[str, str]] = field(default_factory=dict)
    _indexed: int = 0

    def keep(self, kind: str, *secrets: str | bytes) -> None:
        """What may be written nowhere from now on, and what it stands for: the bytes that a token or a key is a text of."""
        for secret in secrets:
            for one in _meant_by(secret) if isinstance(secret, str) else (secret,):
                if one not in self.kinds:
                    self.kinds[one] = kind
                    self.ever.append((one, kind))

    def forget(self, *secrets: str | bytes) -> None:
        """A test shows these on purpose."""
        for secret in secrets:
            for one in _meant_by(secret) if isinstance(secret, str) else (secret,):
                self.kinds.pop(one, None)
        self._forms, self._indexed = {}, 0

    def clear(self) -> None:
        self.kinds, self._forms, self._indexed = {}, {}, 0

    def find(self, said: str | bytes, *, but: Iterable[str] = (), short: bool = False) -> list[Found]:
        """The secrets in what was said, but those of these kinds. ``short``: also the short ones, as words."""
        left = set(but)
        text = _plain(said)
        self._index()
        grams = {text[place : place + _GRAM] for place in range(0, len(text) - _GRAM + 1, _STRIDE)}
        found = [
            Found(kind, form)
            for gram in grams & self._forms.keys()
            for form, kind in self._forms[gram].items()
            if kind not in left and form in text
        ]
        return found + (self._short_in(text, left) if short else [])

    def _short_in(self, text: str, left: set[str]) -> list[Found]:
        found = []
        for secret, kind in self.kinds.items():
            if SHORTEST_WORD <= len(secret) < SHORTEST and kind not in left and secret != str(os.getpid()).encode():
                form = _plain(secret)
                if form in text and re.search(rf"(?<![\w.]){re.escape(form)}(?![\w])", text):
                    found.append(Found(kind, form))
        return found

    def _index(self) -> None:
        """Where each form begins, by its first ``_GRAM`` characters, and by those from each place of the stride on."""
        for secret, kind in list(self.kinds.items())[self._indexed :]:
            if len(secret) >= SHORTEST:
                for form in forms_of(secret):
                    for place in range(_STRIDE):
                        self._forms.setdefault(form[place : place + _GRAM], {})[form] = kind
        self._indexed = len(self.kinds)


CANARIES = Canaries()


@lru_cache(maxsize=4096)
def forms_of(secret: bytes) -> frozenset[str]:
    """How a secret may be written, as ``_plain`` writes it."""
    text = secret.decode("latin-1")
    written: list[str | bytes] = [
        secret,
        text,
        quote_from_bytes(secret, safe=""),
        repr(secret)[2:-1],
        repr(text)[1:-1],
        html.escape(text),
    ]
    written += [json.dumps(text)[1:-1], secret.hex(), "".join(f"%{byte:02x}" for byte in secret)]
    written += [base64.b64encode(_whole(secret, skip, 3)).decode() for skip in range(3)]
    written += [_base32(_whole(secret, skip, 5)) for skip in range(5)]
    return frozenset(form for one in written if len(form := _plain(one)) >= _SHORTEST_FORM)


def _whole(secret: bytes, skip: int, group: int) -> bytes:
    """The part of a secret that is encoded by itself if it stands at such a place of something longer."""
    return secret[skip : skip + (len(secret) - skip) // group * group]


_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]


def _base32(whole: bytes) -> str:
    """As ``base64.b32encode(...).lower()``, which is slow."""
    number, pairs = int.from_bytes(whole), []
    for _ in range(len(whole) * 8 // 10):
        number, pair = divmod(number, 1024)
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs))


def _plain(said: str | bytes) -> str:
    """Bytes as latin-1, letters in lower case, and the standard alphabet of base64 as the one for URLs."""
    raw = said if isinstance(said, bytes) else _bytes_of(said)
    return raw.decode("latin-1").lower().replace("+", "-").replace("/", "_")


def _bytes_of(said: str) -> bytes:
    try:
        return said.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return said.encode("utf-8", "surrogatepass")


def _meant_by(secret: str) -> list[bytes]:
    """A text with the bytes that it is an encoding of, and without what only makes it readable."""
    meant = [secret.encode("utf-8", "surrogatepass")]
    bare = secret.replace(" ", "")
    if bare != secret:
        meant.append(bare.encode("utf-8", "surrogatepass"))
    if re.fullmatch(r"[0-9a-z]{4}(?:-[0-9a-z]{4})+", secret):
        meant.append(secret.replace("-", "").encode())
    if _KEY.fullmatch(bare):
        meant += _decoded(base64.b32decode, bare + "=" * (-len(bare) % 8))
    elif _TOKEN.fullmatch(secret):
        meant += _decoded(base64.urlsafe_b64decode, secret + "=" * (-len(secret) % 4))
    return meant


def _decoded(decode: object, text: str) -> list[bytes]:
    try:
        return [decode(text)]  # type: ignore[operator]
    except (binascii.Error, ValueError):
        return []
