"""What `docs/stores.md` promises that can be held against the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from support.stores import ACL_COMMANDS
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_acl import NEEDED

PAGE = Path(__file__).parents[3] / "docs" / "stores.md"


def test_the_user_of_the_page_may_do_what_the_tests_of_the_contract_may() -> None:
    (for_a_shell,) = re.findall(r"^redis-cli (ACL SETUSER gate .*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    (of_a_file,) = re.findall(r"^(user gate .*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    for words, head in ((shlex.split(for_a_shell), ["ACL", "SETUSER"]), (of_a_file.split(" "), ["user"])):
        assert words[: len(head) + 4] == [*head, "gate", "on", ">password", "-@all"]
        keys, commands = [[word for word in words if word[0] == sign] for sign in "~+"]
        assert keys == ["~2fa:<realm>:*", "~2fu:<realm>:*"]
        assert sorted(commands) == sorted(ACL_COMMANDS.split())
        assert {command[1:] for command in commands} == NEEDED


def test_the_line_for_a_shell_has_in_quotes_what_a_shell_reads() -> None:
    """Else the shell writes the rest into a file, or hands it to another program."""
    lines = re.findall(r"^redis-cli .*$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        assert not re.search(r"[^\w\s+@:-]", re.sub(r"'[^']*'", "", line)), line


def test_every_scheme_stands_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    assert all(f"`{scheme}://" in text for scheme in ("sqlite", *RedisStore.schemes))
