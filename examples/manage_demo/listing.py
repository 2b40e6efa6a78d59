"""A long list in pages: which one is asked for, and what lies before and after it."""

from __future__ import annotations

from dataclasses import dataclass

from .web import Visit

PAGE_SIZE = 25


@dataclass(frozen=True)
class Listing:
    text: str  # what was searched for
    total: int
    page: int

    @classmethod
    def of(cls, visit: Visit, text: str, total: int) -> Listing:
        """The page that the address names; the nearest one that is there, if it names another."""
        asked = visit.asked("page")
        page = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 1
        return cls(text, total, min(max(page, 1), cls(text, total, 1).pages))

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE_SIZE

    @property
    def shown(self) -> str:
        """Like "26 to 50 of 112"."""
        last = min(self.offset + PAGE_SIZE, self.total)
        return f"{self.offset + 1} to {last} of {self.total}" if self.pages > 1 else str(self.total)
