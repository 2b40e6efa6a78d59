"""A real verification while the store is in trouble: closed, in time, nothing accepted twice, nothing acknowledged lost,
and all well again without a restart. Attacks 36, 49, 67, 111, 113.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from core.faults.trouble import EVERYBODY, FAULTS, Fault, Place
from support.exchange import Reply
from support.gates import Gate, realm_on
from support.lossy_wire import a_wire
from support.realm import ORIGIN
from support.redis_clusters import a_cluster_of_three
from support.redis_sentinels import a_sentinel
from support.redis_servers import a_server, wait_until
from support.store_races import ROUND_SECONDS
from support.stores import ask, sqlite_url
from support.visitor import NAVIGATION, Visitor
from twofa_middleware import asks
from twofa_middleware.stores import redis_deadline

PROMISED_SECONDS = 1.0
BOUND_SECONDS = 3.0  # what is asserted, on a machine that may be busy
MENDED_SECONDS = 60.0
FORM = [*NAVIGATION, ("Origin", ORIGIN)]


@contextmanager
def a_place(fault: Fault, folder: Path, *, in_an_event_loop: bool) -> Iterator[Place]:
    """The place of this fault: everything in it is the test's own, but not the machine."""
    realm = "test"

    @contextmanager
    def gate_on(url: str) -> Iterator[Gate]:
        gate = Gate(realm_on(folder, url, realm), in_an_event_loop=in_an_event_loop)
        try:
            yield gate
        finally:
            gate.close()

    if fault.on == "redis":
        with a_server(*fault.options) as server, a_wire(server.port) as wire:
            url = wire.url.replace("//", f"//:{fault.password}@" if fault.password else "//")
            with gate_on(url) as gate:
                yield Place(gate, realm, server=server, wire=wire)
    elif fault.on == "sentinel":
        with a_sentinel() as watched, gate_on(watched.url) as gate:
            yield Place(gate, realm, watched=watched)
    elif fault.on == "cluster":
        with a_cluster_of_three() as cluster, gate_on(cluster.url) as gate:
            yield Place(gate, realm, cluster=cluster)
    else:
        with gate_on(sqlite_url(folder)) as gate:
            yield Place(gate, realm, file=folder / "twofa.db")


class Submitted:
    """A form with a right code, sent again and again as somebody sends it who has seen it once."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._form = visitor, visitor.filled("verify")
        self.times_accepted = 0

    def __call__(self) -> Reply:
        reply = self._visitor.send(self._form, FORM)
        self.times_accepted += any("2fa-pass-" in line for line in reply.all("set-cookie"))
        return reply


def failures(place: Place, visitor: Visitor) -> int:
    user = visitor.cookie("pass").partition(".")[0]
    return ask(place.gate, asks.ReadSummary(user, visitor.clock.now)).failures  # type: ignore[arg-type]


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """Before and after the trouble a busy machine may take as long as it wants; ``with times():`` it may not."""
    real = {name: getattr(redis_deadline, name) for name in ("SOCKET_SECONDS", "QUESTION_SECONDS")}

    def set_to(values: dict[str, float]) -> None:
        for name, value in values.items():
            monkeypatch.setattr(redis_deadline, name, value)

    @contextmanager
    def as_they_are() -> Iterator[None]:
        set_to(real)
        yield
        set_to(dict.fromkeys(real, ROUND_SECONDS))

    set_to(dict.fromkeys(real, ROUND_SECONDS))
    return as_they_are


@pytest.mark.parametrize("colour", ["threads", "event-loop"])
@pytest.mark.parametrize("name", FAULTS)
def test_a049_a067_a111_a_verification_while_the_store_is_in_trouble(
    name: str,
    colour: str,
    tmp_path: Path,
    times: Callable[[], AbstractContextManager[None]],
    record_property: Callable[[str, object], None],
) -> None:
    fault = FAULTS[name]
    with a_place(fault, tmp_path, in_an_event_loop=colour == "event-loop") as place:
        gate = place.gate
        erin = gate.enrolled()
        old_code = erin.code(-30)  # that of the set-up
        thief = gate.visitor("erin", "login-2")
        thief.key = erin.key
        assert thief.verify(thief.wrong_code()).status == 422
        submit = Submitted(thief)
        asked: dict[str, Callable[[], Reply]] = {
            "a form": submit,
            "a pass": lambda: erin.go("/home"),
            "a log-in": lambda: gate.visitor("erin", "login-3").go("/home"),
            "nobody's account": lambda: gate.visitor("wendy").go("/home"),
        }
        assert set(asked) == EVERYBODY
        calls, seconds = gate.calls, {}
        with fault.trouble(place), times():
            for who in sorted(fault.closed_for) or ["a form"]:
                began = monotonic()
                reply = asked[who]()
                seconds[who] = monotonic() - began
                assert (who, reply.status) == (who, 503 if fault.closed_for else 303)
                assert reply.header("retry-after") == ("10" if fault.closed_for else None)
            assert gate.calls == calls
        record_property("seconds", f"{max(seconds.values()):.2f}")
        assert max(seconds.values()) < BOUND_SECONDS

        began = monotonic()
        wait_until(lambda: erin.go("/home").status == 200, "it goes on without a restart", MENDED_SECONDS)
        record_property("mended", f"{monotonic() - began:.2f}")
        for _ in range(3):
            submit()
        assert submit.times_accepted <= 1
        assert failures(place, erin) >= 1  # what was counted stays counted
        assert thief.verify(old_code).status == 422
        erin.clock.on(60)
        again = Submitted(thief)
        wait_until(lambda: again().status != 503, "a code can be tried", MENDED_SECONDS)
        again()
        assert again.times_accepted == 1
