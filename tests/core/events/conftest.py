"""A realm whose events go to a real receiver on this machine, and gates of it that are closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.realm import Realm, make_realm
from support.receiver import SECRET, Receiver, webhook
from twofa_middleware.runtime import Runtime
from twofa_middleware.wiring import build

Opened = Callable[..., Runtime]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFA_TEST_HOOK", SECRET)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
def realm(tmp_path: Path, receiver: Receiver) -> Realm:
    """Its events go to the receiver."""
    return make_realm(tmp_path, events={"sinks": [webhook(receiver)]})


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Start a gate: ``opened(realm)``, and with other settings of events ``opened(realm, sinks=[…], carry=False)``."""
    runtimes: list[Runtime] = []

    def open_one(realm: Realm, **events: Any) -> Runtime:
        settings = make_realm(realm.folder, events=events).settings if events else realm.settings
        runtimes.append(build(settings, "shop", asynchronous=False, clock=realm.clock))
        return runtimes[-1]

    yield open_one
    for runtime in runtimes:
        runtime.close()


@pytest.fixture(autouse=True)
def _nobody_reads_the_secret(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert SECRET not in caplog.text
