"""``twofa check``: a walk through an app finds what would let people by, and says what to do."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import walked_shop
from support.realm import make_realm
from twofa_middleware.cli import main

SIGNED = {
    "use": "signed_cookie",
    "cookie": walked_shop.COOKIE,
    "secret": "env:SHOP_SECRET",
    "format": "itsdangerous",
    "salt": "shop",
    "max_age_seconds": 3600,
    "user": "user",
    "session": "login",
}
HALF = {"use": "callable", "callable": "support.walked_shop:sees_half", "cookies": [walked_shop.COOKIE]}
BLIND = {"use": "callable", "callable": "support.walked_shop:blind_in_places", "cookies": [walked_shop.COOKIE]}
PROBE = {
    "use": "probe", "page": "/me", "cookies": [walked_shop.COOKIE], "user": "id", "anonymous": {"status": 401},
}  # fmt: skip

WATCH = {
    "use": "watch", "cookie": walked_shop.COOKIE, "login": "POST /login", "field": "name", "case": "matters",
    "success": {"status": 303, "location": "/"}, "anonymous": ["GET /login"],
}  # fmt: skip

GUARDED = "guarded_shop:application"
Check = Callable[..., dict[str, Any]]


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


@pytest.fixture
def check(adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """``check(identity, *options)`` walks the shop; the document that it prints, with the exit code as ``code``."""
    walked_shop.reset()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("SHOP_SECRET", walked_shop.SECRET)
    monkeypatch.setenv("PASSWORD", walked_shop.PASSWORD)

    def run(
        identity: dict[str, Any], *options: str, login: tuple[str, ...] = ("--user", "erin"), **app: Any
    ) -> dict[str, Any]:
        shop = {
            "origins": ["http://localhost:8000"],
            "identity": [identity],
            "login": ["POST /login"],
            "logout": ["POST /logout"],
            "login_page": "/login",
            "exempt": ["GET /static/**"],
        } | app
        lines = [
            'realm = "test"',
            'name = "Test"',
            "[apps.shop]",
            *(f"{key} = {toml(one)}" for key, one in shop.items()),
        ]
        (tmp_path / "twofa.toml").write_text("\n".join(lines))
        secret = () if "--secret" in options else ("--secret", "env:PASSWORD")
        target = options[0] if options[:1] == (GUARDED,) else f"support.walked_shop:{adapter}_app"
        options = options[1:] if target == GUARDED else options
        monkeypatch.setattr(sys, "argv", ["twofa", "check", target, *login, *secret, *options, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr().out
        return json.loads(said) | {"code": ended.value.code}

    return run


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["verdict"] for step in found["steps"]}


def problems(found: dict[str, Any]) -> list[str]:
    return [step["name"] for step in found["steps"] if step["verdict"] == "problem"]


@pytest.mark.parametrize("identity", [SIGNED, HALF, PROBE, WATCH], ids=["signed_cookie", "callable", "probe", "watch"])
def test_an_app_that_is_behind_the_gate_in_order_has_no_problem(check: Check, identity: dict[str, Any]) -> None:
    found = check(identity)
    assert (problems(found), found["code"]) == ([], 0)
    assert verdicts(found)["half verified, nothing of the app answers"] == "good"
    assert verdicts(found)["with the code the app answers"] == "good"


def test_in_the_profile_strict_the_walk_needs_no_administrator(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFA__PROFILE", "strict")
    found = check(SIGNED)
    assert (problems(found), found["code"]) == ([], 0)


def test_an_app_that_brings_its_own_gate_is_walked_without_it_and_nothing_of_the_walk_is_logged(
    check: Check, adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own gate would take the wrong password of the walk for a log-in that nobody sees, and say so in the realm."""
    realm = make_realm(tmp_path / "real")
    app = getattr(walked_shop, f"{adapter}_app")
    door = import_module(f"twofa_middleware.{adapter}").TwoFactorMiddleware
    module = ModuleType("guarded_shop")
    module.application = door(app, realm.settings, name="shop")
    monkeypatch.setitem(sys.modules, "guarded_shop", module)
    caplog.clear()
    found = check(SIGNED, GUARDED)
    module.application.runtime.close()
    assert (problems(found), found["code"]) == ([], 0)
    assert any(note.startswith(f"{GUARDED} brings a gate of its own") for note in found["notes"])
    assert [record for record in caplog.records if record.name == "twofa_middleware.events"] == []


def test_a_gate_that_is_hidden_within_the_app_logs_nothing_of_the_walk_either(
    check: Check, adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    realm = make_realm(tmp_path / "real", mode="report")
    door = import_module(f"twofa_middleware.{adapter}").TwoFactorMiddleware
    gate = door(getattr(walked_shop, f"{adapter}_app"), realm.settings, name="shop")

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await gate(scope, receive, send)

    module = ModuleType("guarded_shop")
    module.application = asgi if adapter == "asgi" else lambda environ, start_response: gate(environ, start_response)
    monkeypatch.setitem(sys.modules, "guarded_shop", module)
    assert check(SIGNED, GUARDED)["steps"]
    gate.runtime.close()
    assert [record for record in caplog.records if record.name == "twofa_middleware.events"] == []
    assert not logging.getLogger("twofa_middleware.events").disabled


def test_a_log_in_that_no_resolver_reads_is_told(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "another secret")
    found = check(SIGNED)
    assert (problems(found), found["code"]) == (["the test log-in is seen"], 1)
    assert "NOT protected" in found["steps"][-1]["remedy"]


def test_a_log_in_that_the_app_refuses_is_told_as_that(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "not the password")
    found = check(SIGNED, "--secret", "env:OTHER")
    assert problems(found) == ["the test log-in is seen"]
    assert "refused this log-in" in found["steps"][-1]["remedy"]
    assert "login_gets_cookie" not in found["steps"][-1]["remedy"]
    assert "login_gets_cookie" in check(WATCH, "--secret", "env:OTHER")["steps"][-1]["remedy"]


def test_a_resolver_that_takes_a_refused_log_in_for_one_is_found(check: Check) -> None:
    walked_shop.faults.add("lets in by half")
    assert "a wrong password logs nobody in" in problems(check(HALF))


def test_a_sign_of_success_that_a_refusal_shows_too_is_found(check: Check) -> None:
    walked_shop.faults.add("lets in by half")
    found = check(WATCH | {"success": {"status": 303}})
    assert "a wrong password logs nobody in" in problems(found)
    assert "sign of success" in str(found["steps"])


def test_a_session_that_stays_the_same_is_found(check: Check) -> None:
    walked_shop.faults.add("one session")
    assert problems(check(SIGNED)) == ["a second log-in is told from the first"]


def test_a_page_that_rotates_the_session_is_found(check: Check) -> None:
    walked_shop.faults.add("rotates")
    found = check(PROBE)
    assert problems(found) == ["the page that says who is logged in changes nothing"]
    assert walked_shop.COOKIE in str(found["steps"])


def test_a_page_that_changes_what_the_app_says_is_found(check: Check) -> None:
    walked_shop.faults.add("counts")
    assert problems(check(PROBE)) == ["the page that says who is logged in changes nothing"]


def test_a_way_past_the_gate_is_found_and_the_app_is_not_harmed_by_it(check: Check) -> None:
    found = check(BLIND)
    assert problems(found) == ["half verified, nothing of the app answers"]
    (step,) = (step for step in found["steps"] if step["verdict"] == "problem")
    assert any("POST /orders" in line for line in step["seen"])
    assert not any("/admin" in line for line in step["seen"])


def test_cookies_can_be_pasted_where_nobody_types_a_password(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    _, headers, _ = walked_shop.answer("POST", "/login", b"", f"name=erin&pass={walked_shop.PASSWORD}".encode())
    monkeypatch.setenv("COOKIES", dict(headers)["set-cookie"].partition(";")[0])
    found = check(SIGNED, "--cookie", "--secret", "env:COOKIES", login=())
    assert problems(found) == []
    assert "a wrong password logs nobody in" not in verdicts(found)


def test_a_log_in_by_json_is_sent_to_the_log_in_rule(check: Check) -> None:
    walked_shop.faults.add("no form")
    found = check(SIGNED, "--json-body", "--fields", "name,pass")
    assert (problems(found), found["code"]) == ([], 0)


def test_a_page_without_a_form_says_what_to_name(check: Check) -> None:
    walked_shop.faults.add("no form")
    found = check(SIGNED)
    assert found["code"] == 1
    assert "--fields" in found["error"]


def test_settings_that_stop_the_start_are_told(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_SECRET")
    found = check(SIGNED)
    assert found["code"] == 2
    assert "SHOP_SECRET" in found["error"]


def test_nothing_of_the_real_realm_is_touched(check: Check, tmp_path: Path) -> None:
    check(SIGNED)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["twofa.toml"]
