"""Settings that stop the start: each refusal names the key, the value, and what to do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core.settings.documents import document, refusal, settings

ACCOUNT: dict[str, Any] = {
    "user": "5",
    "apps": ["shop"],
    "by": "bearer",
    "reason": "task mail",
    "until": datetime.date(2027, 6, 30),
}


# ---- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"suport": "x"}, 'unknown key "suport"; did you mean "support"?'),
        ({"folder": "/srv"}, 'unknown key "folder"'),
        ({"source": "x"}, 'unknown key "source"'),
        ({"enforcement": {"start": "now"}}, 'unknown key "start" in [enforcement]; did you mean "starts"?'),
        (
            {"service_accounts": [{"resaon": "x", **ACCOUNT}]},
            'unknown key "resaon" in [service_accounts[0]]; did you mean "reason"?',
        ),
        ({"app": {"logins": []}}, 'unknown key "logins" in [apps.shop]; did you mean "login"?'),
        ({"app": {"zzz": 1}}, 'unknown key "zzz" in [apps.shop]; known are: origins, identity, label'),
    ],
)
def test_an_unknown_key_is_named_with_its_section_and_the_nearest_known_one(changes: Any, message: str) -> None:
    assert refusal(**changes).startswith(message)


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ("realm", 'the key "realm" is missing'),
        ("name", 'the key "name" is missing'),
        ("origins", 'the key "origins" is missing in [apps.shop]'),
        ("identity", 'the key "identity" is missing in [apps.shop]'),
        ("apps", "at least one app is needed, as a table [apps.NAME]"),
    ],
)
def test_a_missing_key_is_named_with_its_section(without: str, message: str) -> None:
    assert refusal(without=without) == message


@pytest.mark.parametrize("apps", [{}, [], "shop", None])
def test_there_is_at_least_one_app(apps: Any) -> None:
    assert refusal(apps=apps) == "at least one app is needed, as a table [apps.NAME]"


@pytest.mark.parametrize("key", ACCOUNT)
def test_every_key_of_a_service_account_is_needed(key: str) -> None:
    account = {name: value for name, value in ACCOUNT.items() if name != key}
    assert refusal(service_accounts=[account]) == f'the key "{key}" is missing in [service_accounts[0]]'


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"pass_hours": "8"}, '"pass_hours": expected `int`, got `str`'),
        ({"pass_hours": 8.5}, '"pass_hours"'),
        ({"realm": 5}, '"realm": expected `str`, got `int`'),
        ({"insecure_http": "yes"}, '"insecure_http"'),
        ({"insecure_http": 1}, '"insecure_http"'),
        ({"profile": "paranoid"}, '"profile"'),
        ({"roles": "static"}, '"roles"'),
        ({"enforcement": {"starts": "later"}}, '"enforcement.starts"'),
        ({"enforcement": {"pinned": "Manager"}}, '"enforcement.pinned"'),
        ({"service_accounts": [ACCOUNT | {"until": "soon"}]}, '"service_accounts[0].until"'),
        ({"service_accounts": ACCOUNT}, '"service_accounts"'),
        ({"app": {"origins": "https://shop.example.org"}}, '"origins" in [apps.shop]: expected `array`, got `str`'),
        ({"app": {"login_answer": "maybe"}}, '"login_answer" in [apps.shop]'),
        ({"app": {"identity": ["remote_user"]}}, '"identity[0]" in [apps.shop]'),
        ({"app": {"admin": "no"}}, '"admin" in [apps.shop]'),
        ({"apps": {"shop": []}}, '"apps.shop"'),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_place(changes: Any, place: str) -> None:
    assert refusal(**changes).startswith(place)


def test_a_number_is_not_a_text_and_no_value_is_bent_into_another() -> None:
    assert refusal(app={"home": 5}) == '"home" in [apps.shop]: expected `str`, got `int`'


# ---- values of the realm --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("realm", ["", "Demo", "a b", "-a", "a:b", "{a}", "x" * 33, "démo", "a\n"])
def test_a028_a_realm_is_a_short_name(realm: str) -> None:
    assert refusal(realm=realm) == (
        f'realm: "{realm}" is no name; use up to 32 small letters, digits, "-" and "_"'.replace("\n", "\\n")
    )


@pytest.mark.parametrize("realm", ["a", "demo-2", "9_x", "x" * 32])
def test_such_names_are_good(realm: str) -> None:
    assert settings(realm=realm).realm == realm


@pytest.mark.parametrize("name", ["Shop", "a b", ""])
def test_an_app_has_a_short_name_too(name: str) -> None:
    app = document()["apps"]["shop"]
    assert refusal(apps={name: app}).startswith(f'[apps.{name}]: "{name}" is no name')


@pytest.mark.parametrize(
    "prefix", ["", "/", "2fa", "/2fa/", "//2fa", "/2 fa", "/2fa?x", "/ä", "/a/../b", "/.", "/a/.."]
)
def test_the_own_pages_lie_under_a_plain_path(prefix: str) -> None:
    assert refusal(prefix=prefix) == f'prefix: "{prefix}" is no path; write for example "/2fa"'


@pytest.mark.parametrize("prefix", ["/2fa", "/auth/second-factor", "/.well-known/2fa"])
def test_such_prefixes_are_good(prefix: str) -> None:
    assert settings(prefix=prefix).prefix == prefix


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "name: say what people shall see in their authenticator app"),
        ({"pass_hours": 0}, "pass_hours: 0 is not between 1 and 24"),
        ({"pass_hours": 25}, "pass_hours: 25 is not between 1 and 24"),
        ({"remember_days": 91}, "remember_days: between 0 and 90"),
        ({"remember_days": -1}, "remember_days: between 0 and 90"),
        ({"remember_days": 1, "profile": "strict"}, "remember_days: between 0 and 90, and 0 in the profile strict"),
        ({"idle_minutes": -1}, "idle_minutes: 0 (never) or more"),
        ({"idle_minutes": 0, "profile": "strict"}, "idle_minutes: 0 (never) or more, and between 1 and 60"),
        ({"idle_minutes": 61, "profile": "strict"}, "idle_minutes: 0 (never) or more, and between 1 and 60"),
        ({"next_step": True, "profile": "strict"}, "next_step: not true in the profile strict"),
        ({"admin": {"first_setup": "open"}, "profile": "strict"}, '[admin] first_setup: "code" in the profile strict'),
        ({"admin": {"after_reset": "open"}, "profile": "strict"}, '[admin] after_reset: "code" in the profile strict'),
        (
            {"admin": {"first_setup": "code", "after_reset": "open"}},
            '[admin] after_reset: "code", or leave it out, where first_setup = "code"',
        ),
        (
            {"service_accounts": [ACCOUNT | {"apps": ["shpo"]}]},
            'service_accounts 1: there is no [apps.shpo]; did you mean "shop"?',
        ),
        (
            {"service_accounts": [ACCOUNT, ACCOUNT | {"reason": " "}]},
            "service_accounts 2: reason: say why this account passes",
        ),
    ],
)
def test_a_value_out_of_its_bounds_is_refused_with_the_bounds(changes: Any, message: str) -> None:
    assert refusal(**changes).startswith(message)


@pytest.mark.parametrize(
    "changes",
    [
        {"pass_hours": 1},
        {"pass_hours": 24},
        {"remember_days": 90},
        {"idle_minutes": 60, "profile": "strict"},
        {"idle_minutes": 1, "profile": "strict"},
        {"idle_minutes": 0},
        {"service_accounts": [ACCOUNT]},
    ],
)
def test_a_value_at_its_bounds_is_good(changes: Any) -> None:
    assert settings(**changes).realm == "demo"
