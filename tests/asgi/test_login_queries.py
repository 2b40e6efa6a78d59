"""What starlette finds in a query is found by the rules too. Attack 26."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from twofa_middleware.http import Request
from twofa_middleware.policy.login_rules import LoginRule

PIECES = [b"action", b"Action", b"%61ction", b"logout", b"log%6Fut", b"=", b"&", b";", b"+", b"%", b"%00", b"\xff", b"%ff", b"#", b"?"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_a026_a_field_of_the_query(query: bytes) -> None:
    if "logout" in QueryParams(query).getlist("action"):
        request = Request("http", "GET", "", "/page", None, query, (), {}, 0)
        assert LoginRule.parse("ANY /** ?action=logout").holds(request)
