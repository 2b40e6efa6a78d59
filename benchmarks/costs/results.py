"""All that one run has measured. What was not measured is empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .decisions import Revoked, Scaled
    from .django_costs import Queries
    from .imports import Imported
    from .in_process import Cost
    from .pushes import Pushed
    from .through_servers import Passed


@dataclass
class Results:
    """``costs``: by what kind of app; ``passed``: by server and framework, such as "uvicorn, Starlette"."""

    machine: list[str]
    has_strict: bool
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    passed: dict[str, list[Passed]] = field(default_factory=dict)
    queries: list[Queries] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    revoked: list[Revoked] = field(default_factory=list)
    scaled: list[Scaled] = field(default_factory=list)
    pushed: Pushed | None = None

    def cost(self, kind: str, case: str) -> Cost | None:
        return _named(self.costs.get(kind, []), case)

    def passing(self, server: str, case: str) -> Passed | None:
        return _named(self.passed.get(server, []), case)

    def query(self, case: str) -> Queries | None:
        return _named(self.queries, case)


Row = TypeVar("Row", bound="Cost | Passed | Queries")


def _named(rows: list[Row], case: str) -> Row | None:
    return next((row for row in rows if row.case == case), None)
