"""A fault at every question of a story, and what a collector of errors would then show: the frames' locals, the reprs of
all that is asked and answered, the errors of a start. The end of each test looks for the secrets (attack 119).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from proof.canaries.conftest import PASSWORD
from support.canaries import CANARIES
from support.exchange import Reply
from support.gates import Gate, realm_on
from support.realm import keys_of
from support.stores import sqlite_url
from support.telling import TOLD, locals_of
from support.visitor import Visitor, forms_of
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.errors import ConfigError
from twofa_middleware.keyring import KeyRing
from twofa_middleware.program import Count, Emit
from twofa_middleware.protocol import Ask
from twofa_middleware.settings import Settings
from twofa_middleware.wiring import build

NAME = "canary-user-of-the-faults"
Step = Callable[[], Reply]
Prepared = Callable[[], Step]


def at(visitor: Visitor, page: str) -> Prepared:
    return lambda: lambda: visitor.go(page)


def form_at(visitor: Visitor, page: str, action: str, fields: Callable[[], dict[str, str]]) -> Prepared:
    """The form of a page, taken while all is well; where too much was wrong before, it is waited for."""

    def prepared() -> Step:
        for _ in range(100):
            shown, filled = visitor.go(page), fields()
            for form in forms_of(shown.text):
                if form.action.endswith(action) and {*filled} <= form.names:
                    return lambda: visitor.post(form.action, form.hidden | filled)
            visitor.clock.on(30)
        raise AssertionError(f"no form at {page}: {shown.text}")

    return prepared


def steps_of(gate: Gate) -> Iterator[Prepared]:
    """What somebody does, one step after the other; each is taken with a fault first, and then without."""
    clock, erin = gate.realm.clock, gate.visitor(NAME)
    yield at(erin, "/home")
    yield at(erin, "/2fa/setup")
    yield form_at(erin, "/2fa/setup", "/setup", lambda: {"code": erin.code()})
    clock.on(30)
    yield at(erin, "/2fa/account")
    erin.log_in(NAME, "login-of-canary-2")
    yield at(erin, "/home")
    yield at(erin, "/2fa/verify")
    yield form_at(erin, "/2fa/verify", "/verify", lambda: {"code": erin.wrong_code()})
    yield form_at(erin, "/2fa/verify", "/verify", lambda: {"code": erin.code(), "remember": "1"})
    erin.log_in(NAME, "login-of-canary-3")
    yield at(erin, "/home")
    clock.on(30)
    yield form_at(erin, "/2fa/codes", "/codes", lambda: {"code": erin.code()})
    clock.on(30)
    yield form_at(erin, "/2fa/account", "/logout", dict)
    erin.cookies.clear()
    erin.log_in(NAME, "login-of-canary-4")
    codes = [one.decode() for one, kind in CANARIES.kinds.items() if kind == "recovery code" and b"-" in one]
    yield form_at(erin, "/2fa/verify?with=recovery", "/verify", lambda: {"recovery": codes[-1]})
    clock.on(30)
    yield form_at(erin, "/2fa/disable", "/disable", lambda: {"code": erin.code()})


class Fault(Exception):
    pass


@dataclass
class Faulty:
    """Raises at one of the questions of a step. ``raised``: at which kinds, in their order."""

    number: int = 0
    raised: list[str] = field(default_factory=list)
    reprs: set[str] = field(default_factory=set)

    def __call__(self, ask: Ask[Any]) -> None:
        self.reprs.add(repr(ask))
        if isinstance(ask, Emit | Count):
            return
        if self.number == 0:
            self.raised.append(type(ask).__name__)
            self.number = -1
            raise Fault
        self.number -= 1


@pytest.mark.parametrize("in_an_event_loop", [False, True])
def test_a119_a_fault_at_every_question_tells_no_secret(tmp_path: Path, in_an_event_loop: bool) -> None:
    gate = Gate(realm_on(tmp_path, sqlite_url(tmp_path), "canaries"), in_an_event_loop=in_an_event_loop)
    faulty = Faulty()
    for prepared in steps_of(gate):
        for number in itertools.count():  # until the step is through, with a fault at each of its questions in turn
            step, before = prepared(), len(faulty.raised)
            faulty.number, gate.before = number, faulty
            reply = step()
            gate.before = lambda ask: None
            if len(faulty.raised) == before:
                break
            assert reply.status == 503
    gate.close()
    assert {*faulty.raised} >= {
        "Look", "Random", "BeginSetup", "TurnOn", "TakeAttempt", "SpendStep", "SpendCode", "OpenPass", "EndPass",
    }  # fmt: skip
    assert len(TOLD.locals) > 100
    assert CANARIES.find("\n".join(faulty.reprs), short=True) == []


# ---- what stops a start ----------------------------------------------------------------------------------------------


def stopped_by(action: Callable[[], object]) -> str:
    """All that a collector would show of the error that stops a start."""
    try:
        action()
    except ConfigError as error:
        return "\n".join([str(error), *locals_of(error)])
    raise AssertionError("nothing has stopped the start")


WRONG_STORES = [
    f"redis://:{PASSWORD}@localhost:no-port",
    f"redis://:{PASSWORD}@",
    f"redis://:{PASSWORD}@localhost/a/b",
    f"redis+cluster://:{PASSWORD}@localhost:1,localhost:2/3",
    f"redis+sentinel://:{PASSWORD}@localhost:1",
    f"redis://user:{PASSWORD}@localhost?no-such-option={PASSWORD}",
    f"rediss://:{PASSWORD}@localhost?ssl_cert_reqs={PASSWORD}",
    f"no-such-store://:{PASSWORD}@localhost",
    f"{PASSWORD}",
]


@pytest.mark.parametrize("url", WRONG_STORES, ids=itertools.count())
@pytest.mark.parametrize("from_environment", [False, True])
def test_a119_settings_with_a_password_in_the_address_stop_without_it(
    url: str, from_environment: bool, tmp_path: Path
) -> None:
    CANARIES.keep("password of the store", PASSWORD)
    store_id = realm_on(tmp_path, sqlite_url(tmp_path), "canaries").settings.store_id
    file = tmp_path / "twofa.toml"
    text = f"""
realm = "canaries"
name = "Canaries"
store_id = "{store_id}"
[apps.shop]
origins = ["http://localhost:8000"]
identity = [{{ use = "remote_user" }}]
"""
    file.write_text(text if from_environment else f'store = "{url}"\n{text}')
    environ = {"TWOFA__STORE": url} if from_environment else {}

    def start() -> object:
        settings = Settings.load(file, environ)
        told = repr(settings) + repr(settings.store) + repr(settings.apps)
        assert PASSWORD not in told
        runtime = build(settings, "shop", asynchronous=False)
        try:
            runtime.answers.store.check()
        except Exception as error:
            raise ConfigError(str(error)) from None
        finally:
            runtime.close()

    said = stopped_by(start)
    assert CANARIES.find(said, short=True) == [], said


@pytest.mark.parametrize("harm", ["another ring", "cut short", "a key too short", "a key twice", "no base64"])
def test_a119_wrong_keys_stop_without_telling_them(harm: str, tmp_path: Path) -> None:
    realm = realm_on(tmp_path, sqlite_url(tmp_path), "canaries")
    file = tmp_path / "var" / "keys.toml"
    text = file.read_text()
    keys = [
        line.rpartition('"')[0].rpartition('"')[2] for line in text.splitlines() if line.endswith('="') or '= "' in line
    ]
    if harm == "another ring":
        file.unlink()
        write_ring(KeyRing.new(), file)
        keys_of(tmp_path)
    else:
        harmed = {
            "cut short": text[:-20],
            "a key too short": text.replace(keys[-1], keys[-1][:40] + "=" * 4),
            "a key twice": text.replace(keys[-1], keys[0]),
            "no base64": text.replace(keys[-1], keys[-1] + "!"),
        }[harm]
        file.write_text(harmed)
        CANARIES.keep("part of a key", keys[-1][:40])

    def start() -> object:
        runtime = build(realm.settings, "shop", asynchronous=False)
        runtime.close()
        raise ConfigError("it starts, and refuses each request")

    said = stopped_by(start)
    assert CANARIES.find(said, short=True) == [], said
