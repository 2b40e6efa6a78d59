"""Mutants: small patches, each of which takes one protection out, and the tests that have to miss it.

They are data, in the TOML files of this folder: ``[[mutant]]`` with

    name           what is taken out, in a sentence
    attacks        numbers of the list of attacks whose safe outcome rests on it
    file, find, replace    a path of the repository, a text that occurs there exactly once, and what takes its place; or
    edits          a list of such, where two protections hold the same thing and both are taken out
    caught_by      the tests that fail then; each of them alone has to
    raises         the type of error by which they fail, where that is no assertion: a timeout is one, a slip is none
    redundant_with    what also holds it, where a mutant takes out more than one protection

Each mutant has a process of its own, in which the package is imported from a patched copy.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PACKAGES = {
    "twofa_middleware": "src/twofa_middleware",
    "twofa_middleware_wsgi": "adapters/wsgi/twofa_middleware_wsgi",
    "twofa_middleware_asgi": "adapters/asgi/twofa_middleware_asgi",
    "twofa_middleware_django": "adapters/django/twofa_middleware_django",
}
AT_ONCE = 2
SECONDS = 90
"""For the tests of one mutant; what takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Edit:
    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class Mutant:
    room: str
    name: str
    attacks: tuple[int, ...]
    edits: tuple[Edit, ...]
    caught_by: tuple[str, ...]
    redundant_with: str = ""
    raises: str = ""


class StaleMutantError(Exception):
    """A mutant that is nothing to try: its text is not there once, or what it makes is no Python."""


def read_mutants() -> list[Mutant]:
    """All mutants, by their rooms."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        for row in tomllib.loads(path.read_text())["mutant"]:
            edits = tuple(Edit(**edit) for edit in row.pop("edits", ()))
            if "file" in row:
                edits = (Edit(row.pop("file"), row.pop("find"), row.pop("replace")), *edits)
            attacks, caught_by = tuple(row.pop("attacks")), tuple(row.pop("caught_by"))
            found.append(Mutant(path.stem, attacks=attacks, edits=edits, caught_by=caught_by, **row))
    return found


def why_not_caught(mutant: Mutant, result: dict[str, Any]) -> str:
    """Empty if each of the named tests failed as tests fail, and the patched copy was what they ran against."""
    if "ended" in result:
        return str(result["ended"])
    if result["uncollected"]:
        return f"{', '.join(result['uncollected'])} could not be collected"
    for test in mutant.caught_by:
        outcomes = _of(test, result)
        if outcomes.isdisjoint({"failed", f"broken by {mutant.raises}"}):
            return f"{test}: {', '.join(sorted(outcomes)) or 'there is no such test'}"
    return ""


def why_not_passed(tests: Iterable[str], result: dict[str, Any]) -> str:
    """Empty if each of the tests passes as things are."""
    if "ended" in result:
        return str(result["ended"])
    failed = [test for test in tests if _of(test, result) != {"passed"}]
    return f"fails as it is: {', '.join(failed)}" if failed else ""


def _of(test: str, result: dict[str, Any]) -> set[str]:
    """The outcomes of a test, one for each of its parameters."""
    return {outcome for one, outcome in result["tests"].items() if one == test or one.startswith(f"{test}[")}


class Bench:
    """A copy of the installed packages, and a process that runs tests against it."""

    def __init__(self, copy: Path) -> None:
        self.copy = copy
        for package in PACKAGES:
            spec = find_spec(package)
            assert spec is not None
            assert spec.submodule_search_locations
            shutil.copytree(spec.submodule_search_locations[0], copy / package)
        self._process = subprocess.Popen(
            [sys.executable, "-B", HERE / "one_at_a_time.py"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, tests: Iterable[str], edits: Iterable[Edit] = (), seconds: int = SECONDS) -> dict[str, Any]:
        """How each of the tests comes out with these edits, which are undone afterwards."""
        before: dict[Path, str] = {}
        try:
            for edit in edits:
                place = self._place(edit.file)
                text = place.read_text()
                before.setdefault(place, text)
                place.write_text(_edited(edit, text))
                for kept in place.parent.glob(f"__pycache__/{place.stem}.*.pyc"):
                    kept.unlink()  # of the same second and length it would be taken for the patched one's
            return self._ask(tests, seconds)
        finally:
            for place, text in before.items():
                place.write_text(text)

    def stop(self) -> None:
        self._process.communicate()

    def _ask(self, tests: Iterable[str], seconds: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"copy": str(self.copy), "tests": list(tests), "seconds": seconds}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        result: dict[str, Any] = json.loads(self._process.stdout.readline())
        place = result.get("place", str(self.copy))
        assert place.startswith(str(self.copy)), f"the tests ran against {place}"
        return result

    def _place(self, file: str) -> Path:
        for package, path in PACKAGES.items():
            if file.startswith(f"{path}/"):
                return self.copy / package / file.removeprefix(f"{path}/")
        raise StaleMutantError(f"{file} is no file of a package")


def _edited(edit: Edit, text: str) -> str:
    if (times := text.count(edit.find)) != 1:
        raise StaleMutantError(f"{edit.file}: the text to be replaced stands there {times} times")
    patched = text.replace(edit.find, edit.replace)
    if not edit.file.endswith(".py"):
        return patched
    try:
        compile(patched, edit.file, "exec")
    except SyntaxError as error:
        raise StaleMutantError(f"{edit.file}: what the patch makes is no Python: {error}") from None
    return patched


class Trial:
    """The outcomes of some mutants, as they come: ``AT_ONCE`` are tried at a time. None fails by being asked too early."""

    def __init__(self, mutants: Iterable[Mutant]) -> None:
        mutants = list(mutants)
        self._results: dict[Mutant | None, Future[dict[str, Any]]] = {one: Future() for one in (None, *mutants)}
        self._tests = sorted({test for one in mutants for test in one.caught_by})
        self._left: queue.SimpleQueue[Mutant | None] = queue.SimpleQueue()
        for one in (None, *mutants):
            self._left.put(one)

    def why_stale(self) -> str:
        """Why the named tests prove nothing, empty if all of them pass unpatched."""
        return why_not_passed(self._tests, self._results[None].result())

    def result(self, mutant: Mutant) -> dict[str, Any]:
        return self._results[mutant].result()

    def work(self, copy: Path) -> None:
        """Try mutants until none is left."""
        try:
            bench = Bench(copy)
        except BaseException as error:
            with suppress(queue.Empty):
                while True:
                    self._results[self._left.get_nowait()].set_exception(error)
            return
        try:
            while True:
                one = self._left.get_nowait()
                try:
                    tests, seconds = (self._tests, 20 * SECONDS) if one is None else (one.caught_by, SECONDS)
                    self._results[one].set_result(bench.run(tests, one.edits if one else (), seconds))
                except Exception as error:
                    self._results[one].set_exception(error)
        except queue.Empty:
            return
        finally:
            bench.stop()

    def forget(self) -> None:
        """Try none of those that have not begun."""
        while not self._left.empty():
            self._left.get()


@contextmanager
def tried(mutants: Iterable[Mutant]) -> Iterator[Trial]:
    """The mutants, being tried in the background."""
    trial = Trial(mutants)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [Path(folder).resolve() / str(number) for number in range(AT_ONCE)]
        threads = [threading.Thread(target=trial.work, args=(copy,)) for copy in copies]
        for thread in threads:
            thread.start()
        try:
            yield trial
        finally:
            trial.forget()
            for thread in threads:
                thread.join()
