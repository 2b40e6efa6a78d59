"""What holds for every suite: no test is skipped, and what is said of an environment is asked only in one."""

from __future__ import annotations

import os
from importlib import util

import pytest

# tox makes the environments that test_environment.py speaks of; a developer's own holds everything at once.
collect_ignore_glob = [] if "TOX_ENV_NAME" in os.environ else ["*/test_environment.py"]

# Both e2e and demos drive the browser, and one session can hold only one; the other environments have none.
pytest_plugins = ["browser.fixtures"] if util.find_spec("playwright") else []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test proves nothing: the run fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        reporter.ensure_newline()
        reporter.write_line("ERROR: a test was skipped; what it needs has to be there", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
