"""The codes of an authenticator app, whichever factor makes them. A factor says what the code of one step is, and nothing
else: which steps may be accepted, and that all of them are compared in constant time, is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..errors import ConfigError
from ..protocol import Factor
from . import totp
from .totp import Finding, Window

LEAST_DIGITS, MOST_DIGITS = 6, 10
LEAST_SECRET_BYTES, MOST_SECRET_BYTES = 16, 64
_VARIANT = re.compile(r"[a-z0-9-]{0,24}", re.ASCII)
_TRIED_STEPS = range(59_000_000, 59_000_016)


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """``kind`` is what the record of an authenticator says it was made by: the factor's name, and its variant."""

    kind: str
    factor: Factor

    @classmethod
    def of(cls, use: str, factor: Factor) -> Codes:
        """Checked as far as can be seen at the start; ConfigError says what no factor may be like."""
        digits: Any = factor.digits  # a plugin's words are believed by nobody
        size: Any = factor.secret_bytes
        variant: Any = factor.variant
        if type(digits) is not int or not LEAST_DIGITS <= digits <= MOST_DIGITS:
            raise ConfigError(f"{use}: a code has {LEAST_DIGITS} to {MOST_DIGITS} digits, not {digits!r}")
        if type(size) is not int or not LEAST_SECRET_BYTES <= size <= MOST_SECRET_BYTES:
            raise ConfigError(f"{use}: a secret has {LEAST_SECRET_BYTES} to {MOST_SECRET_BYTES} bytes, not {size!r}")
        if not isinstance(variant, str) or not _VARIANT.fullmatch(variant):
            raise ConfigError(f"{use}: variant has up to 24 small letters, digits and hyphens, not {variant!r}")
        codes = cls(f"{use}:{variant}" if variant else use, factor)
        codes._try()
        return codes

    @property
    def name(self) -> str:
        """What the settings call the factor."""
        return self.kind.partition(":")[0]

    @property
    def digits(self) -> int:
        return self.factor.digits

    def clean(self, text: str) -> str | None:
        """The ASCII digits of what somebody typed; spaces and hyphens between them are no fault. None: no code."""
        return totp.clean(text, self.digits)

    def find(self, secret: bytes, code: str | None, now: int, window: Window) -> Finding:
        """As ``totp.find``, with the codes of this factor."""
        return totp.find(secret, code or "-" * self.digits, now, window, self._codes_of)

    def find_at_setup(self, secret: bytes, code: str | None, now: int, window: Window) -> Finding:
        """As ``totp.find_at_setup``, with the codes of this factor."""
        return totp.find_at_setup(secret, code or "-" * self.digits, now, window, self._codes_of)

    def uri(self, secret: bytes, label: str, issuer: str) -> str:
        """What the picture for the phone says. ValueError if it is nothing for an authenticator app."""
        uri: Any = self.factor.uri(secret, label, issuer)
        if not isinstance(uri, str) or not uri.startswith("otpauth://"):
            raise ValueError(f"the factor {self.kind} made no otpauth URI")
        return str(uri)

    def _codes_of(self, secret: bytes) -> Callable[[int], bytes]:
        code_of, digits = self.factor.codes(secret), self.digits

        def checked(step: int) -> bytes:
            code: Any = code_of(step)
            if not isinstance(code, str) or len(code) != digits or not (code.isascii() and code.isdecimal()):
                raise ValueError(f"the factor {self.kind} made a code that has not {digits} digits")
            return str(code).encode()

        return checked

    def _try(self) -> None:
        """A code that outlives its step could be used twice, and one that is everybody's opens every account."""
        try:
            mine = [self._codes_of(bytes(self.factor.secret_bytes))(step) for step in _TRIED_STEPS]
            other = [self._codes_of(b"\x01" * self.factor.secret_bytes)(step) for step in _TRIED_STEPS]
        except Exception as error:
            raise ConfigError(f"{self.kind}: it makes no codes: {type(error).__name__}: {error}") from error
        if sum(one == following for one, following in pairwise(mine)) > 1:
            raise ConfigError(f"{self.kind}: codes of neighbouring steps are the same; a step has 30 seconds")
        if sum(one == another for one, another in zip(mine, other, strict=True)) > 1:
            raise ConfigError(f"{self.kind}: two secrets have the same codes")
