"""The root of all questions to a store."""

from __future__ import annotations

from ..protocol import Ask, Reply


class StoreAsk(Ask[Reply]):
    """A question that the store answers; it raises StoreError when it cannot."""

    __slots__ = ()
