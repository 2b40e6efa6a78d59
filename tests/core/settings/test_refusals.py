"""Settings that stop the start: each refusal names the key, the value, and what to do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core.settings.documents import document, refusal, settings
from twofa_middleware.errors import ConfigError
from twofa_middleware.settings import Settings

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


# ---- values of an app -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "", "shop.example.org", "https://shop.example.org/", "https://shop.example.org/shop", "ftp://shop.example.org", "https://",
        "https://shop.example.org?x", "https://shop.example.org#x", "//shop.example.org", "https:shop.example.org", "https://:443",
        "null", "*",
    ],
)  # fmt: skip
def test_a101_an_origin_is_scheme_and_host_alone(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(
        f'[apps.shop] origins: "{origin}" is not scheme and host alone'
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://Shop.example.org",
        "https://b\u00fccher.example",
        "https://user@shop.example.org",
        "https://u:p@shop.example.org",
    ],
)
def test_a101_an_origin_is_written_as_browsers_send_it(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(f'[apps.shop] origins: write "{origin}" in small letters')


@pytest.mark.parametrize("origin", ["https://shop.example.org:443", "http://localhost:80"])
def test_a101_the_usual_port_is_left_out_as_browsers_do(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(f'[apps.shop] origins: leave the port out of "{origin}"')


@pytest.mark.parametrize("origin", ["https://shop.example.org:x", "https://[::1", "https://shop.example.org:99999"])
def test_an_origin_that_is_no_url_is_refused_in_the_same_words(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(
        f'[apps.shop] origins: "{origin}" is not scheme and host alone'
    )


@pytest.mark.parametrize(
    "origin", ["http://shop.example.org", "http://10.0.0.5:8000", "http://localhost.evil.org", "http://127.evil.org"]
)
def test_plain_http_is_for_this_machine_alone_unless_it_is_said_aloud(origin: str) -> None:
    assert "is not encrypted: use https://, or set insecure_http = true" in refusal(app={"origins": [origin]})
    assert settings(app={"origins": [origin]}, insecure_http=True).app("shop").origins == (origin,)


@pytest.mark.parametrize(
    "origin", ["http://localhost:8000", "http://127.0.0.1", "http://127.8.9.1:80800"[:-1], "http://[::1]:8000"]
)
def test_plain_http_on_this_machine_is_good(origin: str) -> None:
    assert settings(app={"origins": [origin]}).app("shop").origins == (origin,)


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ({"origins": []}, "[apps.shop] origins: name the addresses of the app"),
        ({"identity": []}, "[apps.shop] identity: name at least one resolver"),
        (
            {"origins": ["https://shop.example.org", "http://localhost:1"]},
            "[apps.shop] origins: http and https are mixed; cookies can be protected for one of them only",
        ),
    ],
)
def test_an_app_needs_addresses_of_one_kind_and_a_resolver(app: Any, message: str) -> None:
    assert refusal(app=app).startswith(message)


@pytest.mark.parametrize("key", ["login_page", "home", "cookie_path"])
@pytest.mark.parametrize(
    "path", ["", "home", "//evil.example", "https://evil.example", "/\u00e4", "/a\nb", "/\\evil.example", "/a b"]
)
def test_a089_a_path_of_the_app_starts_with_one_slash_and_is_plain(key: str, path: str) -> None:
    assert refusal(app={key: path}).startswith(
        f'[apps.shop] {key}: "{path}" is no path of the app'.replace("\n", "\\n")
    )


def test_an_app_that_is_not_there_is_named_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r'^twofa\.toml: there is no \[apps\.shp\]; did you mean "shop"\?$'):
        Settings.of(document(), source="twofa.toml").app("shp")
