"""``twofa users``: people, and what the store knows of them."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from core.cli import shop_directory
from core.cli.conftest import Twofa
from support.stage import Stage
from twofa_middleware.accounts import people as accounts
from twofa_middleware.cli import rotating

ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
KEYS = {
    "user", "label", "name", "email", "two_factor", "since", "needs_code", "codes", "waits_until", "failures",
    "recovery_codes", "browsers", "passes", "used_at",
}  # fmt: skip


def ids(twofa: Twofa, *arguments: str) -> list[str]:
    return [one["user"] for one in twofa("users", "--json", *arguments).document["users"]]


def of(twofa: Twofa, user: str) -> dict[str, Any]:
    (found,) = twofa("users", user, "--json").document["users"]
    assert isinstance(found, dict)
    return found


def wrong_codes(stage: Stage, user: str, number: int, seconds: int = 3601) -> None:
    visitor = stage.enrolled(user)
    visitor.log_in(user, "login-2")
    for _ in range(number):
        visitor.verify(visitor.wrong_code())
        stage.clock.on(seconds)


def test_without_a_directory_those_are_listed_who_were_seen(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    stage.visitor("wendy").go("/2fa/setup")
    done = twofa("users")
    assert (done.code, done.err) == (0, "")
    heads, *lines = done.out.splitlines()
    assert heads.split("  ")[0] == "USER"
    rows = {line.split()[0]: line for line in lines}
    assert rows.keys() == {"erin", "wendy"}
    assert re.fullmatch(rf"erin +erin +on +{ISO} +0 +{ISO}", rows["erin"])
    assert re.fullmatch(r"wendy +wendy +off +0", rows["wendy"])


def test_with_a_directory_all_of_it_is_listed_in_its_order(twofa: Twofa, listed: Stage) -> None:
    listed.enrolled("wendy")
    assert ids(twofa) == ["ada", "erin", "wendy"]
    assert [one["two_factor"] for one in twofa("users", "--json").document["users"]] == ["off", "off", "on"]
    assert "Ada Example" in twofa("users").out


@pytest.mark.parametrize(("pattern", "found"), [("er", ["erin"]), ("%n%", ["erin", "wendy"]), ("ADA", ["ada"])])
@pytest.mark.parametrize("fixture", ["stage", "listed"])
def test_a_pattern_is_the_beginning_of_a_name_or_has_per_cent_signs(
    twofa: Twofa, request: pytest.FixtureRequest, pattern: str, found: list[str], fixture: str
) -> None:
    stage: Stage = request.getfixturevalue(fixture)
    for user in ("ada", "erin", "wendy"):
        stage.visitor(user).go("/2fa/setup")
    assert sorted(ids(twofa, pattern)) == found


def test_what_is_said_of_somebody_has_stable_keys(twofa: Twofa, stage: Stage) -> None:
    erin = stage.enrolled("erin")
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    said = of(twofa, "erin")
    assert said.keys() == KEYS
    assert re.fullmatch(ISO, said["since"])
    assert re.fullmatch(ISO, said["used_at"])
    assert (said["two_factor"], said["codes"], said["needs_code"]) == ("on", "ready", False)
    assert (said["browsers"], said["passes"], said["recovery_codes"], said["failures"]) == (1, 1, 10, 0)


def test_locked_are_those_who_wait_or_are_stopped(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("ada")
    wrong_codes(stage, "wendy", 5, seconds=0)
    wrong_codes(stage, "erin", 50)
    assert sorted(ids(twofa, "--locked")) == ["erin", "wendy"]
    assert of(twofa, "erin")["codes"] == "stopped"
    assert of(twofa, "wendy")["codes"] == "waiting"
    assert re.fullmatch(ISO, of(twofa, "wendy")["waits_until"])
    assert re.search(rf"paused until {ISO}", twofa("users", "wendy").out)
    assert "stopped" in twofa("users", "erin").out


def test_off_are_those_without_a_second_factor(twofa: Twofa, listed: Stage) -> None:
    listed.enrolled("erin")
    assert ids(twofa, "--off") == ["ada", "wendy"]


def test_both_filters_have_to_fit(twofa: Twofa, listed: Stage) -> None:
    wrong_codes(listed, "erin", 5, seconds=0)
    assert twofa("users", "--off", "--locked").code == 1


def test_a_limit_cuts_the_list_and_says_so(twofa: Twofa, listed: Stage) -> None:
    done = twofa("users", "--limit", "2")
    assert (done.code, len(done.out.splitlines())) == (0, 3)
    assert done.err == "There are more than 2: give a PATTERN, or a higher --limit.\n"
    assert twofa("users", "--limit", "2", "--json").document["more"] is True
    assert twofa("users", "--limit", "3", "--json").document["more"] is False
    assert twofa("users", "--limit", "3").err == ""


def test_a_limit_counts_those_who_fit(twofa: Twofa, listed: Stage) -> None:
    listed.enrolled("ada")
    assert ids(twofa, "--off", "--limit", "2") == ["erin", "wendy"]


def test_more_people_than_a_page_of_the_directory_has_are_listed(twofa: Twofa, listed: Stage) -> None:
    shop_directory.fill(*(f"user{n:03}" for n in range(250)))
    assert len(ids(twofa, "--limit", "1000")) == 250


def test_who_comes_after_many_that_do_not_fit_is_found(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        stage.visitor(f"user-{number}").go("/2fa/setup")
    monkeypatch.setattr(accounts, "_BATCH", 1)
    monkeypatch.setattr(accounts, "MOST_LOOKED_AT", 1)  # so many at a time
    assert [ids(twofa, f"user-{number}") for number in range(5)] == [[f"user-{number}"] for number in range(5)]


def test_a_directory_that_takes_no_notice_of_the_offset_ends_the_list(
    twofa: Twofa, listed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_directory.fill(*(f"user{n:03}" for n in range(250)))
    monkeypatch.setattr(shop_directory, "find", lambda pattern, offset, limit: list(shop_directory.people.values()))
    assert 0 < len(ids(twofa, "--limit", "1000")) <= 250


def test_nobody_found_is_code_1(twofa: Twofa, listed: Stage) -> None:
    done = twofa("users", "zoe")
    assert (done.code, done.out, done.err) == (1, "", "twofa: nobody was found\n")
    assert twofa("users", "zoe", "--json").document == {"error": "nobody was found"}


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--limit", "x"], ["a", "b"], ["--bogus"], ["\udcff"]])
def test_a_wrong_line_is_code_2_also_for_programs(twofa: Twofa, stage: Stage, arguments: list[str]) -> None:
    assert twofa("users", *arguments).code == 2
    done = twofa("users", "--json", *arguments)
    assert (done.code, done.document.keys()) == (2, {"error"})


def test_a_person_whose_record_does_not_open_is_no_person(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    stage.visitor("wendy").go("/2fa/setup")
    with stage.database() as db:
        db.execute("UPDATE people SET person = X'00' WHERE user = ?", [stage_key(stage, "wendy")])
    assert ids(twofa) == ["erin"]


def test_people_of_another_key_ring_are_counted_where_nobody_is_found(twofa: Twofa, stage: Stage) -> None:
    stage.enrolled("erin")
    stage.visitor("wendy").go("/2fa/setup")
    with stage.database() as db:
        db.execute("UPDATE people SET person = X'00' WHERE user = ?", [stage_key(stage, "wendy")])
    done = twofa("users", "zoe")
    assert (done.code, done.err) == (1, "twofa: nobody was found: 1 person does not open under this key ring\n")
    with stage.database() as db:
        db.execute("UPDATE people SET person = X'00'")
    done = twofa("users", "--json")
    assert (done.code, done.document) == (1, {"error": "nobody was found: 2 people do not open under this key ring"})


def stage_key(stage: Stage, user: str) -> str:
    return stage.administer(lambda desk: key(desk, user))


def key(desk: Any, user: str) -> Any:
    yield from ()
    return desk.user_key(user)


def test_the_directory_s_module_may_lie_beside_the_settings(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = stage.realm.folder / "beside_the_settings.py"
    module.write_text("def f(*a): return [{'user': '1', 'label': 'ada', 'email': 'ada@example.org'}]\n")
    references = ", ".join(f'{name} = "beside_the_settings:f"' for name in ("find", "person", "roles", "members"))
    file = stage.realm.folder / "twofa.toml"
    file.write_text(f'directory = {{ use = "callable", {references} }}\n' + file.read_text())
    monkeypatch.chdir("/")
    assert ids(twofa, "--file", str(file)) == ["1"]


def test_a_module_beside_the_settings_stands_in_for_no_installed_one(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage.realm.folder / "wsgiref.py").write_text("raise AssertionError('imported')")
    assert twofa("users", "--json").code == 1
    assert sys.path[-1] == str(stage.realm.folder)


def test_a_module_that_there_is_not_is_code_2(twofa: Twofa, stage: Stage) -> None:
    file = stage.realm.folder / "twofa.toml"
    references = ", ".join(f'{name} = "no_such_module:f"' for name in ("find", "person", "roles", "members"))
    file.write_text(f'directory = {{ use = "callable", {references} }}\n' + file.read_text())
    done = twofa("users")
    assert done.code == 2
    assert "there is no module no_such_module" in done.err


def test_control_characters_of_names_do_not_get_to_the_terminal(twofa: Twofa, listed: Stage) -> None:
    evil = "\x1b]0;owned\x07\r\n\u202egnp\x9b31m\x7f"
    shop_directory.people["17"] = {"user": "17", "label": evil, "name": evil}
    for arguments in (["users"], ["users", "--json"], ["forget", "17", "--yes", "--reason", "x"]):
        done = twofa(*arguments)
        assert done.code == 0
        assert all(char.isprintable() or char == "\n" for char in done.out + done.err)
    assert r"\x1b]0;owned\x07\r\n\u202egnp\x9b31m\x7f" in twofa("users").out
    assert twofa("users", "--json").document["users"][-1]["label"] == evil


def test_a117_recovery_codes_of_a_retired_key_are_not_counted(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "_SETTLES_SECONDS", 0)
    stage.enrolled("erin")
    (old,) = twofa("keys", "list", "--json").document["keys"]
    assert twofa("keys", "rotate").code == 0
    assert of(twofa, "erin")["recovery_codes"] == 10
    assert twofa("keys", "retire", old["key"], "--yes").code == 0
    assert of(twofa, "erin")["recovery_codes"] == 0
