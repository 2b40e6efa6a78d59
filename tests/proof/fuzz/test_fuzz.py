"""Five seconds of what nobody thought of, for each target; ``make fuzz`` goes on for as long as wanted."""

from __future__ import annotations

import secrets

import pytest

from .engine import attempt, run
from .targets import NAMES, corpus, opened

SECONDS = 5
LEAST_INPUTS = 20
TURN = secrets.randbelow(2)
"""Which targets are tried on which adapter: the other way round in every other run."""


def fuzz(name: str) -> None:
    """A Breach says how to see it again."""
    adapter = ("wsgi", "asgi")[(NAMES.index(name) + TURN) % 2]
    seed = secrets.randbelow(1 << 32)
    print(f"seed {seed} on {adapter}")
    with opened(name, adapter) as target:
        assert run(target, SECONDS, seed, corpus(name)).inputs >= LEAST_INPUTS


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


def test_a099_nothing_is_put_where_it_does_not_belong() -> None:
    fuzz("pages")


@pytest.mark.parametrize("adapter", ["wsgi", "asgi"])
@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_once_is_not_found_again(name: str, adapter: str) -> None:
    with opened(name, adapter) as target:
        for data in (*corpus(name), *target.seeds()):
            attempt(target, data)
        target.settle()
