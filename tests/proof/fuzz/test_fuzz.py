"""Five seconds of what nobody thought of, for each target; ``make fuzz`` goes on for as long as wanted."""

from __future__ import annotations

import secrets

import pytest

from . import engine
from .engine import Breach, attempt, run
from .targets import NAMES, corpus, opened

SECONDS = 5
LEAST_INPUTS = 20
"""However slow the machine is."""
TURN = secrets.randbelow(2)
"""Which targets are tried on which adapter: the other way round in every other run."""


def fuzz(name: str) -> None:
    """A Breach says how to see it again."""
    adapter = ("wsgi", "asgi")[(NAMES.index(name) + TURN) % 2]
    seed = secrets.randbelow(1 << 32)
    print(f"seed {seed} on {adapter}")
    with opened(name, adapter) as target:
        assert run(target, SECONDS, seed, corpus(name), LEAST_INPUTS).inputs >= LEAST_INPUTS


def test_a026_a035_a080_a084_a091_a092_a093_no_cookie_header_gets_anybody_in() -> None:
    fuzz("cookies")


def test_a001_a006_a007_a008_a010_a011_a012_a017_a025_a101_no_head_of_a_request_gets_anybody_in() -> None:
    fuzz("heads")


def test_a018_a029_a030_a043_a045_a059_a064_a069_a070_a071_a073_a104_no_form_gets_anybody_in() -> None:
    fuzz("forms")


def test_a089_a090_a107_nobody_is_led_away() -> None:
    fuzz("nexts")


def test_a030_a035_a071_a073_a078_a083_a084_a095_a116_what_is_nearly_right_is_wrong() -> None:
    fuzz("tokens")


def test_a021_a031_a084_a085_a086_a114_a116_what_is_written_over_in_a_file_opens_nothing() -> None:
    fuzz("records")


def test_a021_a031_a084_a085_a086_a114_a116_what_is_written_over_in_a_redis_opens_nothing() -> None:
    fuzz("redis-records")


def test_a099_nothing_is_put_where_it_does_not_belong() -> None:
    fuzz("pages")


@pytest.mark.parametrize("adapter", ["wsgi", "asgi"])
def test_what_was_found_once_is_not_found_again(adapter: str) -> None:
    for name in NAMES:
        if known := corpus(name):
            with opened(name, adapter) as target:
                for data in known:
                    attempt(target, data)
                target.settle()


def test_a_failing_input_is_told_so_that_it_can_be_tried_again() -> None:
    class Odd:
        name, words = "odd", (b"x",)

        def seeds(self) -> list[bytes]:
            return [b"a"]

        def __call__(self, data: bytes) -> object:
            assert b"x" not in data, "an x"
            return data[:2]

        def settle(self) -> None:
            pass

    with pytest.raises(Breach, match="an x") as found:
        run(Odd(), 60, 1)
    with pytest.raises(Breach) as again:
        run(Odd(), 60, 1)
    assert found.value.data == again.value.data
    assert f"INPUT={found.value.data.hex()}" in str(found.value)


def test_an_input_that_takes_too_long_or_too_much_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CPU_SECONDS", 0.2)
    monkeypatch.setattr(engine, "MEMORY_BYTES", 1_000_000)

    class Slow:
        name, words = "slow", ()

        def seeds(self) -> list[bytes]:
            return []

        def __call__(self, data: bytes) -> object:
            try:
                while data == b"slow":
                    pass
            except Exception:  # as a gate does
                return "closed"
            return len(bytes(2_000_000))

        def settle(self) -> None:
            pass

    with pytest.raises(Breach, match="CPU"):
        attempt(Slow(), b"slow")
    with pytest.raises(Breach, match="bytes of memory"):
        attempt(Slow(), b"", is_measured=True)
    assert attempt(Slow(), b"") == 2_000_000
