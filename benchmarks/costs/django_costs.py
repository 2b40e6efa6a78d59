"""A Django view that wants a log-in, behind what a project could take for its second factor: queries, CPU, throughput."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import django_apps
from .browser import environ
from .cases import DJANGO, LOGIN_REQUIRED, Case
from .in_process import Cost, Run, WsgiBatches, alternate
from .realm import DJANGO as RESOLVER
from .realm import Realm, let_in, make_realm
from .spread import Spread
from .visits import Visits

SEEN_BEFORE = 3
"""So many requests come before the one whose queries are counted."""


@dataclass
class Project:
    """The project with its database, and a realm of ours whose resolver asks Django."""

    realms: dict[str, Realm]
    visits: Visits

    @classmethod
    def made(cls, folder: Path, url: str) -> Project:
        """In this process, which from then on is that project. ``url``: of a Redis."""
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # batches run one after the other, though on an event loop
        folder.mkdir()
        django_apps.set_up(folder)
        sessions = django_apps.fill()
        realm = make_realm(folder / "realm", url, RESOLVER)
        remembering = realm.file.read_text().replace(RESOLVER, RESOLVER.replace(" }", ", cache_seconds = 300 }"))
        realm.file.with_name(django_apps.REMEMBERING).write_text(remembering)
        with closing(realm.runtime()) as runtime:
            ours = f"{sessions['bare']}; {let_in(runtime, sessions['bare'])}"
        cookies = {"redis": sessions["bare"], "otp": sessions["otp"]}
        cookies |= dict.fromkeys(("ours", "ours_remembering", "ours_inside"), ours)
        return cls({"redis": realm}, Visits(cookies, {}))


@dataclass(frozen=True)
class Queries:
    """``queries`` of the project's database in one request; ``cost`` of it; ``ratio`` of the time of login_required."""

    case: str
    queries: int
    cost: Cost
    ratio: float


def measure(project: Project, rounds: int, seconds: float) -> list[Queries]:
    handlers = {case: django_apps.handler(case.wrap, str(project.realms["redis"].file)) for case in DJANGO}
    counted = {case.name: _queries(case, handlers[case], project.visits) for case in DJANGO}
    runs: dict[str, tuple[str, Run]] = {
        case.name: (case.against, WsgiBatches(case, handlers[case], None, project.visits).run) for case in DJANGO
    }
    costs = {cost.case: cost for cost in asyncio.run(alternate(runs, rounds, seconds))}
    for handler in handlers.values():
        if hasattr(handler, "runtime"):
            handler.runtime.close()
    bare: Spread = costs[LOGIN_REQUIRED].time
    return [Queries(name, counted[name], cost, cost.time.middle / bare.middle) for name, cost in costs.items()]


def _queries(case: Case, handler: Any, visits: Visits) -> int:
    from django.db import connection

    found: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        found.append(sql)
        return execute(sql, *rest)

    def ask() -> None:
        body = handler(environ(case.path, visits.one(case)), lambda *_: None)
        b"".join(body)
        body.close()

    for _ in range(SEEN_BEFORE):
        ask()
    with connection.execute_wrapper(note):
        ask()
    return len(found)
