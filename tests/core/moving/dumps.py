"""What other systems write, as the tests make it."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

SECRET = b"12345678901234567890"
KEY = base64.b32encode(SECRET).decode()


def device(user: Any = 5, model: str = "otp_totp.totpdevice", **fields: Any) -> dict[str, Any]:
    """A device as ``manage.py dumpdata otp_totp`` writes it."""
    usual = {
        "user": user, "name": "default", "confirmed": True, "key": SECRET.hex(), "step": 30, "t0": 0, "digits": 6,
        "tolerance": 1, "drift": 0, "last_t": 59_000_000, "throttling_failure_timestamp": None,
        "throttling_failure_count": 0, "created_at": None, "last_used_at": None,
    }  # fmt: skip
    return {"model": model, "pk": 1, "fields": usual | fields}


def authenticator(kind: str = "totp", user: Any = 5, model: str = "mfa.authenticator", **data: Any) -> dict[str, Any]:
    fields = {"user": user, "type": kind, "data": data or {"secret": KEY}, "created_at": None, "last_used_at": None}
    return {"model": model, "pk": 1, "fields": fields}


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def message(**fields: int | bytes) -> bytes:
    """A message of Protocol Buffers: ``_1=b"secret"``."""
    made = b""
    for name, value in fields.items():
        number = int(name.strip("_"))
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            made += varint(number << 3 | 2) + varint(len(value)) + value
    return made


def otp(secret: bytes = SECRET, name: bytes = b"erin", issuer: bytes = b"Shop", **more: int | bytes) -> bytes:
    return message(**{"_1": secret, "_2": name, "_3": issuer, "_4": 1, "_5": 1, "_6": 2} | more)


def migration(*accounts: bytes, index: int = 0, size: int = 1, batch: int = 7) -> str:
    data = b"".join(message(_1=account) for account in accounts)
    data += message(_2=1, _3=size, _4=index, _5=batch)
    return f"otpauth-migration://offline?data={quote(base64.b64encode(data).decode(), safe='')}\n"
