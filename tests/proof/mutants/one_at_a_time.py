"""A process that runs tests against a patched copy of the package, each time in a fork that has imported nothing of it.

Started by ``running.py`` as a program. A line of standard input names what to run, a line of standard output says how each
test came out, both as JSON. What the package and its tests need from elsewhere is imported once, before the forks.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

_FIRST = (
    "asyncio",
    "concurrent.futures",
    "http.client",
    "sqlite3",
    "click",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "hypothesis",
    "itsdangerous",
    "jinja2",
    "msgspec",
    "pyotp",
    "redis",
    "redis.asyncio",
    "segno",
    "starlette.applications",
    "werkzeug.test",
    "wsgiref.validate",
)

_OPTIONS = ("-q", "-p", "no:cacheprovider", "--color=no", "-W", "ignore::pytest.PytestAssertRewriteWarning")


class Outcomes:
    """What became of each test: ``failed`` by an assertion or a planned failure, ``broken`` by anything else."""

    def __init__(self) -> None:
        self.by_test: dict[str, str] = {}
        self.uncollected: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and call.excinfo is not None and item.nodeid not in self.by_test:
            kinds = sorted(set(_kinds(call.excinfo.value)))
            unplanned = [kind for kind in kinds if kind]
            if unplanned:
                self.by_test[item.nodeid] = "broken by " + ", ".join(unplanned)
            else:
                self.by_test[item.nodeid] = "failed" if report.when != "setup" else "broken by its fixtures"
        elif report.passed and report.when == "teardown":
            self.by_test.setdefault(item.nodeid, "passed")
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.uncollected.append(report.nodeid)


def _kinds(error: BaseException) -> Iterator[str]:
    """The type of an error, or of each in a group; an empty name for a planned one."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _kinds(one)
    else:
        yield "" if isinstance(error, AssertionError | pytest.fail.Exception) else type(error).__name__


def _run(copy: str, tests: list[str], words: Path) -> dict[str, object]:
    """In the fork: the tests, with the copy before all else on the path."""
    sys.path.insert(0, copy)
    os.environ["PYTHONPATH"] = copy  # of the processes that tests start
    outcomes = Outcomes()
    with words.open("w") as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*_OPTIONS, *tests], plugins=[outcomes])
    module: Any = importlib.import_module("twofa_middleware")
    place = str(module.__file__)
    return {"place": place, "code": int(code), "tests": outcomes.by_test, "uncollected": outcomes.uncollected}


def _in_a_fork(asked: dict[str, Any]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        result, words = Path(folder, "result"), Path(folder, "words")
        words.touch()
        pid = os.fork()
        if not pid:
            signal.alarm(asked["seconds"])
            try:
                os.setpgid(0, 0)
                os.dup2(os.open(words, os.O_WRONLY | os.O_APPEND), 2)
                os.dup2(2, 1)
                result.write_text(json.dumps(_run(asked["copy"], asked["tests"], words)))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(0)
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # whatever its tests have left running
        said = words.read_text(errors="replace")
        if status or not result.exists():
            return {"ended": f"the tests did not come to an end, status {status}", "said": said}
        return {**json.loads(result.read_text()), "said": said}


def main() -> None:
    for name in _FIRST:
        importlib.import_module(name)
    assert "twofa_middleware" not in sys.modules
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        answers.write(json.dumps(_in_a_fork(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
