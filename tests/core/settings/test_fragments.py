"""Fragments in `twofa.d` lie over the file and under the environment, and every value says where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings.documents import SMALLEST, written
from twofa_middleware.errors import ConfigError
from twofa_middleware.settings import Settings


def fragment(folder: Path, name: str, text: str) -> None:
    (folder / "twofa.d").mkdir(exist_ok=True)
    (folder / "twofa.d" / name).write_text(text, encoding="utf-8")


def load(folder: Path, **environ: str) -> Settings:
    path = folder / "twofa.toml"
    return Settings.load(path if path.exists() else written(folder, SMALLEST), environ=environ)


def refusal(folder: Path, **environ: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load(folder, **environ)
    return str(refused.value).replace(f"{folder}/", "")


def test_fragments_go_over_the_file_by_their_names_and_the_environment_over_them(tmp_path: Path) -> None:
    fragment(tmp_path, "20-later.toml", 'name = "Second"\nsupport = "Second"')
    fragment(tmp_path, "10-first.toml", 'name = "First"\npass_hours = 8\nsupport = "First"')
    made = load(tmp_path, TWOFA__SUPPORT="Third")
    assert (made.pass_hours, made.name, made.support) == (8, "Second", "Third")
    told = (
        f"{tmp_path}/twofa.toml with {tmp_path}/twofa.d/10-first.toml, {tmp_path}/twofa.d/20-later.toml, TWOFA__SUPPORT"
    )
    assert made.source == told


def test_only_visible_toml_files_of_the_folder_count(tmp_path: Path) -> None:
    for name in ("x.toml.bak", ".hidden.toml", "README"):
        fragment(tmp_path, name, "this is no TOML")
    assert load(tmp_path).name == "Portal"


def test_another_settings_file_has_a_folder_of_its_own(tmp_path: Path) -> None:
    fragment(tmp_path, "10-x.toml", 'name = "Not this one"')
    other = tmp_path / "other.toml"
    other.write_text(SMALLEST)
    assert Settings.load(other, environ={}).name == "Portal"
    (tmp_path / "other.d").mkdir()
    (tmp_path / "other.d" / "10-x.toml").write_text('name = "This one"')
    assert Settings.load(other, environ={}).name == "This one"


def test_a_link_finds_the_fragments_at_its_end_and_two_folders_are_one_too_many(tmp_path: Path) -> None:
    fragment(tmp_path, "10-x.toml", 'name = "Other"')
    written(tmp_path, SMALLEST)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "twofa.toml"
    link.symlink_to(tmp_path / "twofa.toml")
    assert Settings.load(link, environ={}).name == "Other"
    (tmp_path / "elsewhere" / "twofa.d").mkdir()
    with pytest.raises(ConfigError, match=r"is a link, and both .* are there: remove one of them"):
        Settings.load(link, environ={})


# ---- merging --------------------------------------------------------------------------------------------------------


def test_tables_go_into_each_other_and_lists_take_the_place_of_lists(tmp_path: Path) -> None:
    fragment(tmp_path, "10.toml", '[apps.shop]\nhome = "/start"\norigins = ["https://b.example.org"]')
    shop = load(tmp_path).app("shop")
    assert (shop.home, shop.origins, shop.identity) == (
        "/start",
        ("https://b.example.org",),
        ({"use": "remote_user"},),
    )


def test_a_key_with_a_plus_adds_to_the_list_that_is_there(tmp_path: Path) -> None:
    fragment(tmp_path, "10.toml", '[apps.shop]\n"identity+" = [{ use = "bearer" }]\n"exempt+" = ["GET /a"]')
    fragment(tmp_path, "20.toml", '[apps.shop]\n"exempt+" = ["GET /b"]')
    shop = load(tmp_path).app("shop")
    assert [one["use"] for one in shop.identity] == ["remote_user", "bearer"]
    assert shop.exempt == ("GET /a", "GET /b")


def test_a_list_that_nobody_wrote_has_its_default_to_be_added_to(tmp_path: Path) -> None:
    fragment(tmp_path, "10.toml", '[events]\n"sinks+" = [{ use = "webhook" }]')
    assert [sink["use"] for sink in load(tmp_path).events.sinks] == ["log", "webhook"]


def test_a_table_that_names_a_plugin_takes_no_options_over_from_another(tmp_path: Path) -> None:
    written(tmp_path, 'roles = { use = "callable", callable = "a:b" }\n' + SMALLEST)
    fragment(tmp_path, "10.toml", '[roles]\nuse = "static"')
    assert load(tmp_path).roles == {"use": "static"}
    fragment(tmp_path, "10.toml", '[roles]\ncallable = "c:d"')
    assert load(tmp_path).roles == {"use": "callable", "callable": "c:d"}


def test_a_store_that_is_a_text_is_its_url(tmp_path: Path) -> None:
    written(tmp_path, 'store = "sqlite:///a.db"\n' + SMALLEST)
    fragment(tmp_path, "10.toml", "[store]\nstale_seconds = 5")
    made = load(tmp_path)
    assert (made.store.url, made.store.stale_seconds) == ("sqlite:///a.db", 5)
    assert made.source_of("store.url") == f"{tmp_path}/twofa.toml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"name+" = ["x"]', '"name+" adds to a list; both have to be lists: write "name" to replace it'),
        ('[apps.shop]\n"exempt+" = "GET /a"', '"apps.shop.exempt+" adds to a list'),
        ('"names+" = ["x"]', 'unknown key "names"; did you mean "name"?'),
        ("pass_hours = 'many'", '"pass_hours": expected `int`, got `str`'),
        ("pass_hours = 25", "pass_hours: 25 is not between 1 and 24"),
        ("[enforcement]\npined = []", 'unknown key "pined" in [enforcement]; did you mean "pinned"?'),
        ('[apps.shop]\nhome = "x"', '[apps.shop] home: "x" is no path of the app'),
        ("[apps.shop]\nidentity = []", "[apps.shop] identity: name at least one resolver"),
        ('[apps.shp]\nhome = "/"', 'the key "origins" is missing in [apps.shp]'),
        ('layers = "x"', 'unknown key "layers"'),
        ("apps = 1", "at least one app is needed"),
        ("realm = ", "cannot be read: Invalid value"),
        ("[store]\nstale_seconds = 70", "[store] stale_seconds: 70 is not between 0 and 60"),
        (
            '[[service_accounts]]\nuser = "5"\napps = ["shp"]\nby = "x"\nreason = "x"\nuntil = 2030-01-01',
            "service_accounts 1: there is no [apps.shp]",
        ),
    ],
)
def test_what_is_wrong_in_a_fragment_is_told_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    fragment(tmp_path, "05-fine.toml", 'support = "x"')
    fragment(tmp_path, "10-x.toml", text)
    assert refusal(tmp_path, TWOFA__SUPPORT="y").startswith(f"twofa.d/10-x.toml: {message}")


def test_what_is_wrong_in_the_file_is_not_told_of_a_fragment(tmp_path: Path) -> None:
    written(tmp_path, "pass_hours = 25\n" + SMALLEST)
    fragment(tmp_path, "10-x.toml", 'support = "x"')
    assert refusal(tmp_path).startswith("twofa.toml: pass_hours: 25")
    assert refusal(tmp_path, TWOFA__PASS_HOURS="26").startswith(
        "environment variable TWOFA__PASS_HOURS: pass_hours: 26"
    )


def test_a_fragment_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    fragment(tmp_path, "10-x.toml", "")
    (tmp_path / "twofa.d" / "20-x.toml").write_bytes(b'name = "\xff"')
    assert refusal(tmp_path).startswith("twofa.d/20-x.toml: cannot be read: ")
    (tmp_path / "twofa.d" / "20-x.toml").unlink()
    (tmp_path / "twofa.d" / "20-x.toml").symlink_to("nowhere")
    assert refusal(tmp_path).startswith("twofa.d/20-x.toml: there is no such file")


def test_a_file_in_the_place_of_the_folder_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "twofa.d").write_text("")
    assert refusal(tmp_path).startswith("twofa.d: cannot be read: ")


# ---- where a value stands --------------------------------------------------------------------------------------------


def test_every_value_says_where_it_stands(tmp_path: Path) -> None:
    fragment(tmp_path, "10.toml", 'mode = "report"\n[apps.shop]\n"identity+" = [{ use = "bearer" }]\nhome = "/a"')
    made = load(tmp_path, TWOFA__APPS__SHOP__HOME="/b")
    file, first = f"{tmp_path}/twofa.toml", f"{tmp_path}/twofa.d/10.toml"
    assert made.source_of("realm") == file
    assert made.source_of("mode") == first
    assert made.source_of("apps.shop.home") == "environment variable TWOFA__APPS__SHOP__HOME"
    assert made.source_of("apps.shop.identity[0]") == made.source_of("[apps.shop] identity 1") == file
    assert made.source_of("apps.shop.identity[1].use") == made.source_of("[apps.shop] identity 2") == first
    assert made.source_of("[apps.shop] origins") == file
    assert made.source_of("pass_hours") == made.source_of("apps.shop") == made.source
    assert made.layers.is_said("mode")
    assert not made.layers.is_said("pass_hours")


def test_what_a_fragment_takes_the_place_of_is_told(tmp_path: Path) -> None:
    fragment(tmp_path, "10.toml", 'name = "x"\nmode = "off"')
    fragment(tmp_path, "20.toml", 'mode = "report"\nsupport = "x"\n[events]\n"sinks+" = []')
    told = [line.replace(f"{tmp_path}/", "") for line in load(tmp_path).layers.replaced]
    assert told == [
        "twofa.d/10.toml: name takes the place of what twofa.toml says",
        "twofa.d/20.toml: mode takes the place of what twofa.d/10.toml says",
    ]


@pytest.mark.parametrize(
    ("table", "variable", "value", "lost"),
    [
        ('[store]\nurl = "sqlite:///x.db"\nwitness = "w"\nstale_seconds = 1', "TWOFA__STORE", "sqlite:///y.db", True),
        ('[admin]\nfirst_setup = "code"', "TWOFA__ADMIN", '{ roles = ["x"] }', True),
        ('[admin]\nroles = ["y"]', "TWOFA__ADMIN", '{ roles = ["x"] }', False),
        ('[admin]\nfirst_setup = "code"', "TWOFA__ADMIN__ROLES", '["x"]', False),
    ],
)
def test_what_a_variable_drops_of_a_table_is_told(
    tmp_path: Path, table: str, variable: str, value: str, lost: bool
) -> None:
    written(tmp_path, f"{SMALLEST}\n{table}\n")
    section = table[1 : table.index("]")]
    dropped = "stale_seconds, url, witness" if section == "store" else "first_setup"
    told = (
        f"environment variable {variable}: {section} takes the place of the whole table that {tmp_path}/twofa.toml says, "
        f"without its {dropped}"
    )
    assert load(tmp_path, **{variable: value}).layers.replaced == [told] * lost


def test_two_spellings_of_one_variable_are_refused_by_both_names(tmp_path: Path) -> None:
    both = {"TWOFA__ADMIN__FIRST_SETUP": "code", "TWOFA__admin__first_setup": "open"}
    assert refusal(tmp_path, **both) == (
        "environment variables TWOFA__ADMIN__FIRST_SETUP and TWOFA__admin__first_setup are the same setting: "
        "take one of them out"
    )
