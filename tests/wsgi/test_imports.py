"""What it costs to import the middleware, counted: what is loaded with it, and what waits until it is needed."""

import pytest

from support.environment import WAITS, loaded_by


@pytest.mark.parametrize("door", ["twofa_middleware_wsgi", "twofa_middleware.wsgi"])
def test_nothing_comes_with_the_middleware_that_only_a_gate_or_a_page_needs(door: str) -> None:
    assert loaded_by(f"from {door} import TwoFactorMiddleware", (*WAITS, "asyncio", "concurrent.futures")) == []
