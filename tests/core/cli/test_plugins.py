"""`twofa plugins`: what is installed, and fragments that name it or no longer."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.distributions import Install, site_packages
from twofa_middleware.cli import main, twofa
from twofa_middleware.errors import TwoFactorError
from twofa_middleware.settings import Settings

TWO_APPS = """\
realm = "main"
name = "Portal"

[apps.shop]
origins = ["http://localhost:8000"]
identity = [{ use = "remote_user" }]

[apps.office]
origins = ["http://localhost:8001"]
identity = [{ use = "remote_user" }]
"""
DOOR = """\
import msgspec
class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    key: str = ""
    size: int = 5
class Door:
    Options = Options
    def __init__(self, options, context): ...
    def look(self):
        from twofa_middleware.protocol import Look
        return Look(header=self.__class__.header)
    header = ""
"""


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    with site_packages(tmp_path) as installed:
        yield installed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "realm").mkdir()
    monkeypatch.chdir(tmp_path / "realm")
    (tmp_path / "realm" / "twofa.toml").write_text(TWO_APPS.partition("[apps.office]")[0])
    (tmp_path / "realm" / "twofa.toml").chmod(0o640)
    return tmp_path / "realm"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(twofa, ["plugins", *arguments])


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code != 0
    if isinstance(result.exception, TwoFactorError):
        return str(result.exception)
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output


def rows() -> dict[tuple[str, str, str], Any]:
    found = json.loads(done("list", "--json"))["plugins"]
    return {(row["group"], row["name"], row["distribution"]): row for row in found}


def fragments(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "twofa.d").glob("*"))


# ---- list -----------------------------------------------------------------------------------------------------------


def test_what_is_installed_is_listed_with_where_it_is_named(folder: Path, install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    install("gate", "0.1", "theme", "gate = gate:Gate", "raise RuntimeError('out of order')")
    found = rows()
    assert found["identity", "remote_user", "twofa-middleware"]["enabled"] == ["[apps.shop] identity 1"]
    assert found["store", "sqlite", "twofa-middleware"]["enabled"] == ["store"]
    assert found["identity", "door", "door"] == {
        "group": "identity", "name": "door", "distribution": "door", "version": "1.2", "enabled": [], "error": None,
    }  # fmt: skip
    assert found["theme", "gate", "gate"]["error"] == 'theme plugin "gate" of gate 0.1 is broken: out of order'
    shown = done("list")
    assert "out of order" in shown
    assert "[apps.shop] identity 1" in shown


def test_what_the_settings_name_and_nobody_offers_is_listed_as_such(folder: Path) -> None:
    (folder / "twofa.toml").write_text('theme = { use = "gone" }\n' + (folder / "twofa.toml").read_text())
    assert rows()["theme", "gone", ""] | {"group": "theme"} == rows()["theme", "gone", ""]
    assert rows()["theme", "gone", ""]["error"] == "not installed"


def test_without_settings_nothing_is_enabled(folder: Path) -> None:
    (folder / "twofa.toml").unlink()
    assert rows()["store", "sqlite", "twofa-middleware"]["enabled"] is None
    assert "There is no twofa.toml, so none is enabled." in done("list")


# ---- enable ---------------------------------------------------------------------------------------------------------


def test_a_fragment_enables_and_is_for_whom_the_settings_file_is(folder: Path, install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    assert "door of door 1.2 is enabled" in done("enable", "door", "--set", "key=env:KEY", "--set", "size=7")
    path = folder / "twofa.d" / "plugin-identity-shop-door.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    assert Settings.load("twofa.toml", environ={}).app("shop").identity == (
        {"use": "remote_user"},
        {"use": "door", "key": "env:KEY", "size": 7},
    )
    assert fragments(folder) == [path.name]
    assert rows()["identity", "door", "door"]["enabled"] == ["[apps.shop] identity 2"]


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("roles", "roles", {"use": "door"}),
        ("directory", "directory", {"use": "door"}),
        ("theme", "theme", {"use": "door"}),
        ("events", "events", ({"use": "log"}, {"use": "door"})),
    ],
)
def test_each_group_has_its_place(folder: Path, install: Install, kind: str, key: str, value: Any) -> None:
    install("door", "1.2", kind, "door = door:Door", DOOR)
    done("enable", "door")
    found = getattr(Settings.load("twofa.toml", environ={}), key)
    assert (found.sinks if kind == "events" else found) == value
    done("disable", "door")
    assert fragments(folder) == []


def test_in_place_of_choose_comes_the_first_resolver(folder: Path) -> None:
    (folder / "twofa.toml").write_text((folder / "twofa.toml").read_text().replace("remote_user", "CHOOSE"))
    done("enable", "remote_user")
    assert Settings.load("twofa.toml", environ={}).app("shop").identity == ({"use": "remote_user"},)
    assert 'in place of use = "CHOOSE"' in refused("disable", "remote_user", "--yes")
    assert fragments(folder) == ["plugin-identity-shop-remote_user.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["door", "--set", "sise=7"], 'unknown key "sise" in [[apps.shop] identity 2 (door)]; did you mean "size"?'),
        (["door", "--set", "size=many"], '"size" in [[apps.shop] identity 2 (door)]: expected `int`, got `str`'),
        (["door", "--set", "size"], "give KEY=VALUE"),
        (["door", "--set", "use=other"], "give KEY=VALUE"),
        (["dor"], 'there is no plugin "dor" installed'),
        (["door", "--group", "roles"], 'there is no roles plugin "door" installed'),
        (["door", "--app", "shp"], "there is no [apps.shp]"),
        (["callable"], "callable is a plugin for directory and identity and roles: give --group"),
        (["redis"], "a store is chosen by its address"),
        (["../door"], "is no name of a plugin"),
        (["remote_user"], "remote_user is enabled already: twofa.toml: [apps.shop] identity 1"),
        (["static", "--app", "shop"], "--app is for identity plugins"),
        (["gate"], 'theme plugin "gate" of gate 0.1 is broken: out of order'),
        (["loud"], "theme: loud: header: <script> may not stand there"),
    ],
)
def test_what_the_settings_cannot_be_used_with_is_not_written(
    folder: Path, install: Install, arguments: list[str], message: str
) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    install("gate", "0.1", "theme", "gate = gate:Gate", "raise RuntimeError('out of order')")
    install("loud", "0.1", "theme", "loud = loud:Door", DOOR.replace('header = ""', 'header = "<script></script>"'))
    assert message in refused("enable", *arguments)
    assert not (folder / "twofa.d").exists()


def test_a_secret_of_a_file_is_there_before_the_plugin_is_enabled(folder: Path, install: Install) -> None:
    """Servers would not start with it; the variables of the app's environment are not known here."""
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    told = refused("enable", "door", "--set", "key=file:var/door")
    assert "nothing was changed: twofa.d/plugin-identity-shop-door.toml: [apps.shop] identity 2: key: " in told
    assert "file:var/door cannot be read: No such file or directory; make the file first" in told
    assert fragments(folder) == []
    (folder / "var").mkdir(exist_ok=True)
    secret = folder / "var" / "door"
    secret.write_text("canary")
    secret.chmod(0o644)
    assert "open to others" in refused("enable", "door", "--set", "key=file:var/door")
    assert fragments(folder) == []
    secret.chmod(0o600)
    assert "door of door 1.2 is enabled" in done("enable", "door", "--set", "key=file:var/door")


def test_a_doubled_plugin_is_not_enabled(folder: Path, install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    install("gate", "0.1", "identity", "door = gate:Door", DOOR)
    assert 'identity plugin "door" is offered by door 1.2 and gate 0.1; remove one' in refused("enable", "door")


def test_with_several_apps_it_has_to_be_said_for_which(folder: Path, install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    (folder / "twofa.toml").write_text(TWO_APPS)
    assert "the realm has the apps shop, office: give --app" in refused("enable", "door")
    done("enable", "door", "--app", "office")
    done("enable", "door", "--app", "shop")
    done("disable", "door", "--app", "office", "--yes")
    assert fragments(folder) == ["plugin-identity-shop-door.toml"]


def test_what_a_person_has_changed_is_left_alone(folder: Path, install: Install) -> None:
    install("door", "1.2", "roles", "door = door:Door", DOOR)
    done("enable", "door")
    path = folder / "twofa.d" / "plugin-roles-door.toml"
    changed = path.read_text().replace('"door" }', '"door", size = 9 }')
    path.write_text(changed)
    assert "it was changed by hand, so it is left alone" in refused("disable", "door")
    assert "it was changed by hand, so it is left alone" in refused("enable", "door", "--set", "size=8")
    assert path.read_text() == changed


def test_a_fragment_that_nobody_has_changed_is_written_anew(folder: Path, install: Install) -> None:
    install("door", "1.2", "roles", "door = door:Door", DOOR)
    done("enable", "door")
    done("enable", "door", "--set", "size=8")
    assert Settings.load("twofa.toml", environ={}).roles == {"use": "door", "size": 8}


# ---- disable --------------------------------------------------------------------------------------------------------


def test_what_the_main_file_names_is_not_disabled(folder: Path) -> None:
    assert refused("disable", "remote_user", "--yes") == (
        "twofa.toml: [apps.shop] identity 1 names remote_user: take it out there"
    )
    assert "door is not enabled" in refused("disable", "door")


def test_what_another_file_names_as_well_is_not_disabled(folder: Path, install: Install) -> None:
    install("door", "1.2", "roles", "door = door:Door", DOOR)
    done("enable", "door")
    (folder / "twofa.toml").write_text('roles = { use = "door" }\n' + (folder / "twofa.toml").read_text())
    assert refused("disable", "door") == "twofa.toml: roles names door as well: take it out there first"
    assert fragments(folder) == ["plugin-roles-door.toml"]


def test_what_would_leave_an_app_without_identity_is_refused(folder: Path) -> None:
    text = (folder / "twofa.toml").read_text()
    (folder / "twofa.toml").write_text(text.replace("remote_user", "CHOOSE"))
    done("enable", "remote_user")
    (folder / "twofa.toml").write_text(text.replace('identity = [{ use = "remote_user" }]', "identity = []"))
    assert "[apps.shop] identity: name at least one resolver" in refused("disable", "remote_user", "--yes")
    (folder / "twofa.toml").write_text(text.replace('identity = [{ use = "remote_user" }]', ""))
    assert 'the key "identity" is missing in [apps.shop]' in refused("disable", "remote_user", "--yes")
    assert fragments(folder) == ["plugin-identity-shop-remote_user.toml"]


def test_a_resolver_is_disabled_only_by_who_knows_what_it_costs(folder: Path, install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    done("enable", "door")
    assert "gets into the app with the password alone" in refused("disable", "door")
    assert fragments(folder) == ["plugin-identity-shop-door.toml"]
    assert json.loads(done("disable", "door", "--yes", "--json"))["disabled"] == "door"


def test_the_command_ends_with_the_exit_codes_of_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, code in ((["enable", "dor"], 2), (["disable", "door"], 1), (["list"], 0)):
        monkeypatch.setattr("sys.argv", ["twofa", "plugins", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
