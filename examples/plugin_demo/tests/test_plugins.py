"""What each plugin promises, without a gate around it."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from twofa_plugin_demo.json_lines import JsonLines, JsonLinesOptions
from twofa_plugin_demo.roles_file import RolesFile, RolesFileOptions
from twofa_plugin_demo.sso_ticket import SsoTicket, SsoTicketOptions, signature
from twofa_plugin_demo.theme import Harbour, HarbourOptions
from twofa_plugin_demo.token8 import Token8, Token8Options, code_at

from twofa_middleware.factors.codes import Codes
from twofa_middleware.http import Request
from twofa_middleware.pages.themes import checked
from twofa_middleware.protocol import (
    Anonymous,
    Event,
    Factor,
    IdentityResolver,
    Login,
    PluginContext,
    RolesResolver,
    Sink,
    Theme,
    Unknown,
)

KEY = b"the key of the single sign-on"
NOW = 1_800_000_000


@pytest.fixture
def context(tmp_path: Path) -> PluginContext:
    return PluginContext("test", "shop", tmp_path, asynchronous=False)


@pytest.fixture
def resolver(context: PluginContext, monkeypatch: pytest.MonkeyPatch) -> IdentityResolver:
    monkeypatch.setenv("SSO_KEY", KEY.decode())
    return SsoTicket(SsoTicketOptions(secret="env:SSO_KEY"), context)


def request(cookie: bytes = b"") -> Request:
    headers = ((b"cookie", cookie),) if cookie else ()
    return Request("http", "GET", "", "/", None, b"", headers, {}, NOW)


def result(flow: Generator[Any, Any, Any]) -> Any:
    """What a flow that asks nothing ends with."""
    with pytest.raises(StopIteration) as ended:
        next(flow)
    return ended.value.value


def ticket(key: bytes = KEY, **changes: Any) -> bytes:
    facts = {"user": "erin", "session": "s1", "expires": NOW + 60} | changes
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode())
    return b"sso_ticket=" + payload + b"." + signature(key, payload)


def test_a_ticket_says_who_has_logged_in(resolver: IdentityResolver) -> None:
    assert result(resolver.resolve(request(ticket()))) == Login("erin", "s1", expires=NOW + 60)
    assert result(resolver.resolve(request())) == Anonymous()
    assert result(resolver.resolve(request(ticket(expires=NOW)))) == Anonymous()


def test_a_forged_ticket_is_nobody_s(resolver: IdentityResolver) -> None:
    unread = Anonymous(unread=frozenset({b"sso_ticket"}))
    for cookie in (ticket(b"another key"), ticket()[:-1], b"sso_ticket=", b"sso_ticket=x.y"):
        assert result(resolver.resolve(request(cookie))) == unread


def test_what_cannot_be_told_is_not_told(resolver: IdentityResolver) -> None:
    for cookie in (ticket() + b"; " + ticket(), ticket(user=""), ticket(user=5), ticket(session=None)):
        assert isinstance(result(resolver.resolve(request(cookie))), Unknown)


def test_roles_are_those_of_the_file_as_it_is_now(context: PluginContext) -> None:
    roles: RolesResolver = RolesFile(RolesFileOptions(path="roles.json"), context)
    erin = Login("erin")
    with pytest.raises(FileNotFoundError):
        result(roles.roles_of(erin, request()))
    (context.folder / "roles.json").write_text('{"erin": ["Operators"]}')
    assert result(roles.roles_of(erin, request())) == {"Operators"}
    assert result(roles.roles_of(Login("alex"), request())) == frozenset()
    (context.folder / "roles.json").write_text('{"erin": []}')
    assert result(roles.roles_of(erin, request())) == frozenset()


def test_events_are_lines_for_their_owner(context: PluginContext) -> None:
    sink: Sink = JsonLines(JsonLinesOptions(path="events.jsonl", names=("enrolled",)), context)
    for name in ("enrolled", "code wrong", "enrolled"):
        sink.deliver([("id", Event(name, NOW, "shop", "erin", {"by": "totp"}))])
    lines = (context.folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": "id", "at": NOW, "event": "enrolled", "app": "shop", "user": "erin", "by": "totp"}
    ] * 2
    assert stat.S_IMODE(os.stat(context.folder / "events.jsonl").st_mode) == 0o600


def test_the_theme_is_one_that_the_core_takes(context: PluginContext) -> None:
    theme: Theme = Harbour(HarbourOptions(imprint="https://www.example.org/?a=1&b=2"), context)
    assert checked("harbour", theme.look()).footer == (
        '<p><a href="https://www.example.org/?a=1&amp;b=2">Imprint</a></p>'
    )


# RFC 6238, appendix B, SHA-256.
@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "46119246"), (1111111109, "68084774"), (1234567890, "91819424"), (20000000000, "77737706")],
)
def test_the_codes_are_those_of_the_rfc(context: PluginContext, at: int, code: str) -> None:
    factor: Factor = Token8(Token8Options(), context)
    assert code_at(b"12345678901234567890123456789012", at // 30) == code
    assert Codes.of("token8", factor).kind == "token8"
