"""Our own log-out ends the app's session, too, where a resolver can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.realm import SIGNED_COOKIE
from support.stage import Open, Stage
from twofa_middleware.asks import Call
from twofa_middleware.http import Request
from twofa_middleware.identity.signed_cookie import SignedCookie
from twofa_middleware.protocol import Flow

ended: list[bytes] = []
fails: list[Exception] = []


class EndsSessions(SignedCookie):
    """What ``portal_sessions`` offers: it ends the session in the app's own list."""

    def log_out(self, request: Request) -> Flow[None]:
        yield from Call(_end, (request.header_line(b"cookie"),))


def _end(cookies: bytes) -> None:
    for error in fails:
        raise error
    ended.append(cookies)


@pytest.fixture
def plugged(open_stage: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The shop with a resolver of somebody else's distribution."""
    folder = tmp_path / "site" / "portal_sessions-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: portal-sessions\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[twofa_middleware.identity]\nportal_sessions = portal_sessions:EndsSessions\n"
    )
    (tmp_path / "site" / "portal_sessions.py").write_text("EndsSessions = None\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    import portal_sessions

    monkeypatch.setattr(portal_sessions, "EndsSessions", EndsSessions)
    ended.clear()
    fails.clear()
    own: dict[str, Any] = SIGNED_COOKIE | {"use": "portal_sessions"}
    return open_stage(shop={"identity": [own]})


def test_a_resolver_that_can_ends_the_apps_session(plugged: Stage) -> None:
    erin = plugged.enrolled()
    session = erin.cookies["session"]
    reply = erin.fill(erin.go("/2fa/account"), "/logout")
    assert (reply.status, reply.header("location")) == (303, "/login")
    assert len(ended) == 1
    assert f"session={session}".encode() in ended[0]


def test_whoever_has_not_confirmed_yet_ends_the_session_too(plugged: Stage) -> None:
    plugged.enrolled()
    thief = plugged.visitor("erin", "login-2")
    thief.fill(thief.go("/2fa/verify"), "/logout")
    assert len(ended) == 1


def test_without_our_form_no_session_is_ended(plugged: Stage) -> None:
    erin = plugged.enrolled()
    assert erin.post("/2fa/logout", {}).status == 403
    assert ended == []


def test_a_session_that_cannot_be_ended_is_told_of_and_the_cookies_go(
    plugged: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    erin = plugged.enrolled()
    before = dict(erin.cookies)
    fails.append(OSError("the list is locked"))
    reply = erin.fill(erin.go("/2fa/account"), "/logout")
    assert (reply.status, reply.header("location")) == (303, "/login")
    assert [name for name in erin.cookies if "browser" not in name] == []
    erin.cookies |= before
    assert erin.go("/home").status == 303  # the pass has ended
    erin.fill(erin.go("/2fa/verify"), "/logout")
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "twofa_middleware.events"]
    told = [line for line in lines if line["event"] == "log-out of the app failed"]
    assert [(line["user"], line["severity"], line["resolver"], line["reason"]) for line in told] == [
        ("erin", "error", "portal_sessions", "OSError")
    ] * 2
