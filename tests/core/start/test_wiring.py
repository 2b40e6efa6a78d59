"""From settings to a running gate: what stops the start, and with which words."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.realm import NOW, SIGNED_COOKIE, make_realm
from twofa_middleware.asks import Look
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.drive import drive
from twofa_middleware.errors import ConfigError, KeysError, PluginError, StoreMismatch
from twofa_middleware.http import Request
from twofa_middleware.identify import Nobody
from twofa_middleware.keyring import KeyRing
from twofa_middleware.keys_and_store import open_store
from twofa_middleware.protocol import UserKey
from twofa_middleware.settings import Settings
from twofa_middleware.settings.layers import Layers
from twofa_middleware.settings.store import StoreSettings
from twofa_middleware.wiring import Runtime, build

ACCOUNT: dict[str, Any] = {
    "user": "5",
    "apps": ["shop"],
    "by": "signed_cookie",
    "reason": "mail",
    "until": datetime.date(2027, 6, 30),
}
REMOTE_USER = {"use": "remote_user"}


async def async_roles(login: object) -> list[str]:
    return []


def plain_roles(login: object) -> list[str]:
    return []


HERE = "core.start.test_wiring"


def started(folder: Path, name: str = "shop", *, asynchronous: bool = False, **changes: Any) -> Runtime:
    return build(make_realm(folder, **changes).settings, name, asynchronous=asynchronous)


def refusal(folder: Path, name: str = "shop", *, asynchronous: bool = False, **changes: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        started(folder, name, asynchronous=asynchronous, **changes)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def _changed(settings: Settings, **changes: Any) -> Settings:
    return msgspec.structs.replace(settings, **changes)


# ---- what stops the start -------------------------------------------------------------------------------------------


def test_every_app_of_the_realm_starts(tmp_path: Path) -> None:
    assert [started(tmp_path, name).gate.site.name for name in ("shop", "office")] == ["shop", "office"]


def test_an_app_that_the_settings_do_not_have_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "shpo") == 'settings: there is no [apps.shpo]; did you mean "shop"?'


def test_two_apps_of_one_host_that_name_the_same_cookie_stop_the_start(tmp_path: Path) -> None:
    assert refusal(tmp_path, office={"identity": [SIGNED_COOKIE]}) == (
        'settings: [apps.shop] and [apps.office] both read the cookie "session" on localhost; '
        "give one app's session cookie another name"
    )


def test_the_same_cookie_on_two_hosts_is_two_cookies(tmp_path: Path) -> None:
    assert (
        started(tmp_path, office={"origins": ["http://127.0.0.1:8000"], "identity": [SIGNED_COOKIE]}).gate.site.name
        == "shop"
    )


def test_the_session_cookie_of_another_app_is_kept_from_this_one(tmp_path: Path) -> None:
    runtime = started(tmp_path)
    asked = Request("http", "GET", "", "/", b"/", b"", ((b"cookie", b"office_session=x; other=y"),), {}, NOW)
    assert drive(runtime.gate.identify(asked), runtime.answer) == Nobody(frozenset({b"office_session"}))


def test_only_ones_own_app_needs_its_secrets(tmp_path: Path) -> None:
    office = {
        "origins": ["http://localhost:8001"],
        "identity": [SIGNED_COOKIE | {"cookie": "office", "secret": "env:NOT_SET_HERE"}],
    }
    assert started(tmp_path, office=office).gate.site.name == "shop"
    assert refusal(tmp_path, "office", office=office).startswith("settings: [apps.office] identity (signed_cookie)")


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ([ACCOUNT | {"by": "bearer"}], 'settings: service_accounts 1: by = "bearer" is no resolver of [apps.shop]'),
        ([ACCOUNT, ACCOUNT | {"by": "x"}], 'settings: service_accounts 2: by = "x" is no resolver of [apps.shop]'),
    ],
)
def test_a_service_account_by_a_resolver_that_the_app_does_not_have_stops_the_start(
    tmp_path: Path, accounts: Any, message: str
) -> None:
    assert refusal(tmp_path, service_accounts=accounts) == message
    assert started(tmp_path, service_accounts=[ACCOUNT]).gate.site.name == "shop"


def test_a_service_account_of_another_app_is_no_matter_of_this_one(tmp_path: Path) -> None:
    elsewhere = [ACCOUNT | {"apps": ["office"], "by": "remote_user"}]
    office = {"origins": ["http://127.0.0.1:8001"], "identity": [REMOTE_USER]}
    assert started(tmp_path, service_accounts=elsewhere, office=office).gate.site.name == "shop"


def test_an_async_function_under_wsgi_stops_the_start(tmp_path: Path) -> None:
    roles = {"use": "callable", "callable": f"{HERE}:async_roles"}
    message = refusal(tmp_path, roles=roles)
    assert message.startswith("settings: roles (callable): ")
    assert "is async, and WSGI can await nothing; give it a plain function" in message
    assert started(tmp_path, roles=roles, asynchronous=True).gate.site.name == "shop"
    assert started(tmp_path, roles=roles | {"callable": f"{HERE}:plain_roles"}).gate.site.name == "shop"


@pytest.mark.parametrize("roles", [{"use": "static"}, {"use": "static", "users": {"1": ["administrator"]}}])
def test_a_pinned_role_that_nobody_can_have_stops_the_start(tmp_path: Path, roles: dict[str, Any]) -> None:
    said = refusal(tmp_path, roles=roles, enforcement={"pinned": ["Administrator"]})
    assert said.startswith('settings: enforcement: pinned role "Administrator" is nobody\'s: `roles` of static lists ')


def test_every_start_says_what_it_guards_and_whom_it_asks_for_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        started(tmp_path, service_accounts=[ACCOUNT])
    assert caplog.messages == [
        "shop: the gate is on; mode enforce; store sqlite; identity by signed_cookie; exempt GET /static/**; "
        "no factor asked of user 5 by signed_cookie until 2027-06-30"
    ]


def test_keys_that_the_store_was_not_made_with_stop_the_start(tmp_path: Path) -> None:
    settings = make_realm(tmp_path).settings
    (tmp_path / "var" / "keys.toml").unlink()
    write_ring(KeyRing.new(), tmp_path / "var" / "keys.toml")
    with pytest.raises(ConfigError, match=r"^settings: store_id was written for other keys or another realm"):
        build(settings, "shop", asynchronous=False)


def test_a_realm_that_was_renamed_stops_the_start(tmp_path: Path) -> None:
    settings = make_realm(tmp_path).settings
    with pytest.raises(ConfigError, match=r"put back the keys and the realm that the store was made with$"):
        build(_changed(settings, realm="other"), "shop", asynchronous=False)


def test_a_ring_with_the_same_naming_key_starts(tmp_path: Path) -> None:
    settings = make_realm(tmp_path).settings
    file = tmp_path / "var" / "keys.toml"
    old, new = KeyRing.load("file:var/keys.toml", tmp_path), KeyRing.new()
    file.unlink()
    write_ring(KeyRing(old.naming, new.current, {**old.keys, **new.keys}), file)
    assert isinstance(build(settings, "shop", asynchronous=False), Runtime)


def test_what_stops_the_start_is_told_without_the_way_through_our_own_code(tmp_path: Path) -> None:
    made = make_realm(tmp_path).settings
    for changes in ({"keys": "file:none.toml"}, {"roles": {"use": "CHOOSE"}}):
        with pytest.raises(ConfigError) as stopped:
            build(_changed(made, **changes), "shop", asynchronous=False)
        assert len(stopped.traceback) == 2  # here, and the door
        assert stopped.value.__cause__ is None


def test_a_missing_store_id_stops_the_start(tmp_path: Path) -> None:
    settings = make_realm(tmp_path).settings
    with pytest.raises(
        ConfigError, match=r"^settings: store_id is missing; `twofa init` makes the store and prints its id$"
    ):
        build(_changed(settings, store_id=""), "shop", asynchronous=False)


@pytest.mark.parametrize(
    ("store", "error"),
    [("redi://x", PluginError), ("sqlite", ConfigError), ("", PluginError), ("sqlite://x", ConfigError)],
)
def test_a_store_that_nobody_offers_stops_the_start(tmp_path: Path, store: str, error: type[Exception]) -> None:
    settings = make_realm(tmp_path).settings
    with pytest.raises(error, match=r"^settings: store"):
        build(_changed(settings, store=StoreSettings(url=store)), "shop", asynchronous=False)


def test_keys_that_are_not_there_stop_the_start(tmp_path: Path) -> None:
    settings = _changed(make_realm(tmp_path).settings, keys="file:other.toml")
    with pytest.raises(KeysError, match=r"No such file.*take it from a copy"):
        build(settings, "shop", asynchronous=False)


def test_before_init_a_start_says_so_and_asks_for_no_copy(tmp_path: Path) -> None:
    settings = _changed(make_realm(tmp_path).settings, keys="file:other.toml", store_id="")
    with pytest.raises(KeysError, match=r"No such file.*run `twofa init`, which makes the key file and the store$"):
        build(settings, "shop", asynchronous=False)


def test_keys_that_others_can_read_stop_the_start(tmp_path: Path) -> None:
    settings = make_realm(tmp_path).settings
    (tmp_path / "var" / "keys.toml").chmod(0o644)
    with pytest.raises(KeysError, match="chmod 600"):
        build(settings, "shop", asynchronous=False)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"roles": {"use": "no"}}, 'settings: roles: there is no roles plugin "no"'),
        ({"roles": {}}, "settings: roles: `use` names the roles plugin"),
        ({"shop": {"identity": [{"use": "no"}]}}, 'settings: [apps.shop] identity 1: there is no identity plugin "no"'),
        ({"shop": {"identity": [REMOTE_USER, {"use": "remote_user", "variabel": "X"}]}}, 'settings: unknown key "variabel" in [[apps.shop] identity 2 (remote_user)]'),
        ({"shop": {"identity": [{"use": "remote_user", "variable": "HTTP_X"}]}}, "settings: [apps.shop] identity (remote_user): variable"),
    ],
)  # fmt: skip
def test_a_plugin_that_cannot_be_used_is_named_with_its_place(tmp_path: Path, changes: Any, place: str) -> None:
    assert refusal(tmp_path, **changes).startswith(place)


def test_a115_a_server_starts_without_asking_the_store_and_makes_none(tmp_path: Path) -> None:
    realm = make_realm(tmp_path)
    realm.store_file.unlink()
    runtime = build(realm.settings, "shop", asynchronous=False)
    with pytest.raises(StoreMismatch):
        runtime.answer(Look(UserKey("u"), None, None, NOW))
    assert not realm.store_file.exists()


def test_the_file_of_the_store_lies_where_the_settings_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_realm(tmp_path).settings
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    open_store(settings).check()


# ---- when enforcement begins ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identity", "rules", "now"),
    [
        ([SIGNED_COOKIE], {}, False),
        ([{key: value for key, value in SIGNED_COOKIE.items() if key != "session"}], {}, True),
        ([REMOTE_USER], {}, True),
        ([REMOTE_USER], {"login": ["POST /in"]}, True),
        ([REMOTE_USER], {"login": ["POST /in"], "logout": ["POST /out"]}, False),
        ([REMOTE_USER, SIGNED_COOKIE], {}, False),
    ],
)
def test_a066_enforcement_starts_now_where_no_session_and_no_rules_show_a_next_login(
    tmp_path: Path, identity: Any, rules: Any, now: bool
) -> None:
    shop = {"login": [], "logout": [], "identity": identity} | rules
    assert started(tmp_path, shop=shop).gate.site.starts_now is now


def test_administrators_pages_that_nobody_may_use_are_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    started(tmp_path, shop={"admin": True})
    assert [line for line in caplog.messages if "admin = true, but [admin] roles is empty" in line]
    caplog.clear()
    started(tmp_path, shop={"admin": True}, admin={"roles": ["Chef"]})
    assert not [line for line in caplog.messages if "nobody is let in" in line]


def test_each_start_warns_of_what_a_fragment_has_taken_the_place_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = make_realm(tmp_path).settings
    line = "twofa.d/10-x.toml: mode takes the place of what twofa.toml says"
    build(_changed(settings, layers=Layers(replaced=[line])), "shop", asynchronous=False)
    assert [record.levelname for record in caplog.records if record.getMessage() == line] == ["WARNING"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factor": {"use": "totq"}}, 'settings: factor: there is no factor plugin "totq"; installed are: '),
        ({"factor": {"use": "totp", "digits": 8}}, 'settings: unknown key "digits" in [factor (totp)]'),
        ({"theme": {"use": "plane"}}, 'settings: theme: there is no theme plugin "plane"; installed are: '),
    ],
)
def test_a_factor_or_a_theme_that_cannot_be_used_stops_the_start(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert refusal(tmp_path, **changes).startswith(message)
