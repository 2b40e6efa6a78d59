"""What `docs/stores.md` promises that can be held against the code."""

from __future__ import annotations

import re
from pathlib import Path

from support.stores import ACL_COMMANDS
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_acl import NEEDED

PAGE = Path(__file__).parents[3] / "docs" / "stores.md"


def test_the_user_of_the_page_may_do_what_the_tests_of_the_contract_may() -> None:
    (rules,) = re.findall(r"ACL SETUSER gate on >password -@all (.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    keys, commands = [[word for word in rules.split() if word[0] == sign] for sign in "~+"]
    assert keys == ["~2fa:<realm>:*", "~2fu:<realm>:*"]
    assert sorted(commands) == sorted(ACL_COMMANDS.split())
    assert {command[1:] for command in commands} == NEEDED


def test_every_scheme_stands_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    assert all(f"`{scheme}://" in text for scheme in ("sqlite", *RedisStore.schemes))
