"""From a question to what its script reads: MessagePack, which Lua makes a table of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec


def encode(question: Any) -> bytes:
    """The fields of a question, without its user, who stands in the keys; what is None is left out."""
    found = _plain(question)
    if is_dataclass(question):
        found.pop("user", None)
    return msgspec.msgpack.encode(found)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        found = {one.name: getattr(value, one.name) for one in fields(value)}
        if "generation" in found:
            found["generation"] = str(found["generation"])  # a double would round it
        return {name: _plain(part) for name, part in found.items() if part is not None}
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")  # what is no text can be asked for, and is not there
    if isinstance(value, bytes):
        return msgspec.Raw(b"\xdb" + len(value).to_bytes(4) + value)  # as a text: Redis's cmsgpack knows no other bytes
    if isinstance(value, frozenset):
        return [_plain(one) for one in sorted(value)]
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value
