"""What holds for every suite: no test is skipped, and what is said of an environment is asked only in one."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from importlib import util

import pytest

from support.canaries import CANARIES
from support.telling import TOLD, no_secret_was_told

# tox makes the environments that test_environment.py speaks of; a developer's own holds everything at once.
collect_ignore_glob = [] if "TOX_ENV_NAME" in os.environ else ["*/test_environment.py"]

# Both e2e and demos drive the browser, and one session can hold only one; the other environments have none.
pytest_plugins = ["browser.fixtures"] if util.find_spec("playwright") else []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """From here on all that is written is kept, at every level; a test's ``caplog`` has what it would have without that."""
    CANARIES.clear()
    TOLD.forget()
    root = logging.getLogger()
    root.addHandler(TOLD)
    root.setLevel(logging.DEBUG)
    plugin = item.config.pluginmanager.get_plugin("logging-plugin")
    if plugin is not None:
        plugin.caplog_handler.setLevel(logging.WARNING)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """No secret of the test was told anywhere (attack 119)."""
    result = yield
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.removeHandler(TOLD)
    no_secret_was_told()
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test proves nothing: the run fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        reporter.ensure_newline()
        reporter.write_line("ERROR: a test was skipped; what it needs has to be there", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
