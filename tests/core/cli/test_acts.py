"""``twofa disable``, ``unlock`` and ``forget``: what they do is what the administrators' pages do."""

from __future__ import annotations

import os
import pwd
import re
import shutil

import pytest

from core.cli import shop_directory
from core.cli.conftest import Twofa
from support.stage import ADA, Open, Stage
from support.visitor import Visitor
from twofa_middleware.accounts import administer
from twofa_middleware.accounts.administer import Overview
from twofa_middleware.asks import Stopped, Waiting
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Event, Flow, Person

DO = ("--yes", "--reason", "lost phone")
CODE = r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}"


def looked_at(stage: Stage, user: str) -> Overview:
    return stage.administer(lambda desk: administer.look_at(desk, Person(user), stage.clock.now))


def state(stage: Stage, user: str) -> tuple[bool, int, int, object, int]:
    """All that an act may change: whether it is on, passes, browsers, tries, and how often the account has changed."""
    seen = looked_at(stage, user)
    return seen.is_on, seen.summary.passes, seen.summary.browsers, seen.summary.attempts, seen.generation & 0xFFFFF


def remembering(stage: Stage, user: str = "erin") -> Visitor:
    """Somebody with a second factor, two proven passes, and in another browser, which is remembered, the later one."""
    visitor = stage.enrolled(user)
    elsewhere = visitor.elsewhere()
    elsewhere.log_in(user, "login-2")
    elsewhere.verify(remember="1")
    stage.clock.on(30)
    return visitor


def waiting(stage: Stage, user: str = "erin") -> Visitor:
    """Somebody who has tried so many wrong codes that they have to wait."""
    visitor = stage.enrolled(user)
    visitor.log_in(user, "login-2")
    for _ in range(5):
        visitor.verify(visitor.wrong_code())
    return visitor


def acts(stage: Stage) -> list[Event]:
    return [event for event in stage.events() if "actor" in event.facts]


def gets_in(visitor: Visitor) -> bool:
    return visitor.go("/home").body == b"secret page"


# ---- disable --------------------------------------------------------------------------------------------------------


def test_disable_switches_off_and_ends_passes_and_browsers(twofa: Twofa, stage: Stage) -> None:
    erin = remembering(stage)
    before = looked_at(stage, "erin")
    assert (before.summary.passes, before.summary.browsers) == (2, 1)
    done = twofa("disable", "erin", *DO)
    assert (done.code, done.out, done.err) == (0, "switched off for erin (id erin)\n", "")
    after = looked_at(stage, "erin")
    assert (after.is_on, after.summary.passes, after.summary.browsers) == (False, 0, 0)
    assert after.generation == before.generation + 1
    assert gets_in(erin)  # no role asks for a second factor, and she has none


def test_disable_does_just_what_the_pages_do(twofa: Twofa, stage: Stage) -> None:
    for user in ("erin", "wendy"):
        remembering(stage, user)

    def by_page(desk: Desk) -> Flow[object]:
        seen = yield from administer.look_at(desk, Person("wendy"), stage.clock.now)
        return (yield from administer.disable(desk, ADA, seen, "lost phone", stage.clock.now))

    twofa("disable", "erin", *DO)
    stage.administer(by_page)
    assert state(stage, "erin") == state(stage, "wendy")
    erin, wendy = acts(stage)
    assert (erin.name, erin.facts["reason"]) == (wendy.name, wendy.facts["reason"])


def test_nobody_is_let_in_by_disable_whom_a_role_asks_for_a_factor(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(
        roles={"use": "static", "users": {"erin": ["Manager"]}}, enforcement={"pinned": ["Manager"], "starts": "now"}
    )
    erin = remembering(stage)
    assert twofa("disable", "erin", *DO).code == 0
    assert erin.go("/home").header("location") == "/2fa/setup?next=/home"


def test_the_event_has_who_did_it_to_whom_and_why(twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    remembering(stage)
    monkeypatch.setenv("SUDO_USER", "olga")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    twofa("disable", "erin", *DO)
    (event,) = acts(stage)
    who = f"command line: {pwd.getpwuid(os.getuid()).pw_name} (sudo by olga)"
    assert (event.name, event.user, event.label, event.app) == (
        "disabled by an administrator",
        "erin",
        "erin",
        "",
    )
    assert event.facts == {"actor": who, "actor_name": who, "reason": "lost phone"}


def test_without_sudo_the_actor_is_the_user_of_the_process(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering(stage)
    monkeypatch.delenv("SUDO_USER", raising=False)
    twofa("forget", "erin", *DO)
    assert acts(stage)[0].facts["actor"] == f"command line: {pwd.getpwuid(os.getuid()).pw_name}"


def test_an_actor_whose_number_has_no_name_is_the_number(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering(stage)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    assert twofa("forget", "erin", *DO).code == 0
    assert "command line: uid 4000000001" in str(acts(stage)[0].facts["actor"])


def test_setup_code_prints_the_code_without_which_nothing_is_set_up(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(profile="strict")
    erin = stage.visitor("erin")
    assert erin.go("/2fa/setup").status == 403
    done = twofa("setup-code", "erin", *DO)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("one-time code made for erin (id erin)\nOne-time code for the next set-up")
    code = re.search(CODE, done.out)
    assert code is not None
    assert twofa("users", "--json").document["users"][0]["needs_code"] is True
    assert "You need a one-time code" not in erin.set_up(reset=code[0]).text
    assert looked_at(stage, "erin").is_on
    (event,) = acts(stage)
    assert (event.name, event.user, event.facts["reason"]) == ("set-up code made", "erin", "lost phone")
    again = twofa("setup-code", "erin", *DO)
    assert (again.code, "has a second factor; switch it off first" in again.err) == (1, True)


def test_a_code_for_somebody_who_was_never_here_wants_to_be_told_so(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(profile="strict")
    unknown = twofa("setup-code", "first-admin", *DO)
    assert (unknown.code, 'knows nobody with the id "first-admin"' in unknown.err) == (1, True)
    assert unknown.err.endswith("; for somebody who was never here, add --unseen\n")
    made = twofa("setup-code", "first-admin", "--unseen", *DO, "--json")
    assert made.document["user"] == "first-admin"
    stage.visitor("first-admin").set_up(reset=made.document["code"])
    assert looked_at(stage, "first-admin").is_on


def test_who_was_never_here_has_no_label_to_be_named_by(twofa: Twofa, open_realm: Open) -> None:
    open_realm(profile="strict")
    refused = twofa("setup-code", "First Admin", "--unseen", "--label", *DO)
    assert (refused.code, "--unseen and --label do not go together" in refused.err) == (2, True), refused.err
    assert refused.out == ""


def test_where_the_settings_ask_for_a_code_it_is_printed_once_and_the_set_up_needs_it(
    twofa: Twofa, open_realm: Open
) -> None:
    stage = open_realm(admin={"after_reset": "code"})
    erin = remembering(stage)
    done = twofa("disable", "erin", *DO)
    (code,) = re.findall(CODE, done.out)
    assert looked_at(stage, "erin").account.reset  # type: ignore[union-attr]
    page = erin.go("/2fa/setup")
    assert b"reset" in page.body
    again = twofa("disable", "erin", "--json", *DO)
    assert again.document.keys() == {"user", "label", "code"}
    assert re.fullmatch(CODE, again.document["code"])
    assert again.document["code"] != code
    assert not [event for event in stage.events() if code in repr(event)]


def test_disable_of_somebody_who_is_off_is_code_1_and_writes_no_event(twofa: Twofa, stage: Stage) -> None:
    wendy = stage.visitor("wendy")
    wendy.go("/2fa/setup")
    done = twofa("disable", "wendy", *DO)
    assert (done.code, done.out) == (1, "")
    assert done.err == "twofa: there is nothing to switch off: wendy (id wendy) has no second factor\n"
    assert acts(stage) == []


def test_an_account_that_does_not_open_can_be_switched_off(twofa: Twofa, stage: Stage) -> None:
    remembering(stage)
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = X'00'")
    assert twofa("users", "--json").document["users"][0]["two_factor"] == "unreadable"
    assert twofa("disable", "erin", *DO).code == 0
    assert twofa("users", "--json").document["users"][0]["two_factor"] == "off"


# ---- unlock ---------------------------------------------------------------------------------------------------------


def test_an_unlocked_user_may_try_again(twofa: Twofa, stage: Stage) -> None:
    erin = waiting(stage)
    assert isinstance(looked_at(stage, "erin").summary.attempts, Waiting)
    assert 'name="code"' not in erin.go("/2fa/verify").text
    assert twofa("unlock", "erin", *DO).out == "unlocked: erin (id erin)\n"
    erin.verify()
    assert gets_in(erin)
    assert acts(stage)[0].name == "unlocked by an administrator"


def test_a_stop_is_cleared_too(twofa: Twofa, stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    for _ in range(50):
        erin.verify(erin.wrong_code())
        stage.clock.on(3601)
    assert isinstance(looked_at(stage, "erin").summary.attempts, Stopped)
    assert twofa("unlock", "erin", *DO).code == 0
    assert looked_at(stage, "erin").summary.failures == 0


def test_unlock_leaves_the_second_factor_on(twofa: Twofa, stage: Stage) -> None:
    waiting(stage)
    generation = looked_at(stage, "erin").generation
    twofa("unlock", "erin", *DO)
    assert (looked_at(stage, "erin").is_on, looked_at(stage, "erin").generation) == (True, generation)


# ---- forget ---------------------------------------------------------------------------------------------------------


def test_forget_ends_passes_and_browsers_and_leaves_the_second_factor_on(twofa: Twofa, stage: Stage) -> None:
    erin = remembering(stage)
    assert gets_in(erin)
    done = twofa("forget", "erin", *DO)
    assert (done.code, done.out) == (0, "passes ended and browsers forgotten: erin (id erin)\n")
    assert state(stage, "erin")[:3] == (True, 0, 0)
    assert erin.go("/home").header("location") == "/2fa/verify?next=/home"
    assert acts(stage)[0].name == "ended by an administrator"


# ---- whom -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["disable", "unlock", "forget"])
@pytest.mark.parametrize("fixture", ["stage", "listed"])
def test_an_id_that_nobody_knows_is_code_1(
    twofa: Twofa, request: pytest.FixtureRequest, command: str, fixture: str
) -> None:
    stage: Stage = request.getfixturevalue(fixture)
    done = twofa(command, "nobody", *DO)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r'twofa: the .*know.* nobody with the id "nobody"; [^\n]+--label\n', done.err)
    assert acts(stage) == []


@pytest.mark.parametrize("name", [" erin", "er\nin", "\udcff", "e" * 256, ""])
def test_what_can_be_no_id_is_code_2(twofa: Twofa, stage: Stage, name: str) -> None:
    assert twofa("forget", name, *DO).code == 2


def test_somebody_whom_only_the_directory_knows_can_be_named(twofa: Twofa, listed: Stage) -> None:
    assert twofa("forget", "wendy", *DO).code == 0
    assert acts(listed)[0].label == "wendy"


def test_somebody_who_has_left_the_directory_can_still_be_switched_off(twofa: Twofa, listed: Stage) -> None:
    remembering(listed)
    del shop_directory.people["erin"]
    assert twofa("disable", "erin", *DO).code == 0


def test_people_can_be_named_by_what_they_log_in_as(twofa: Twofa, listed: Stage) -> None:
    shop_directory.people |= {"17": {"user": "17", "label": "erin.smith"}, "18": {"user": "18", "label": "Erin"}}
    done = twofa("forget", "--label", "erin.smith", "--json", *DO)
    assert (done.code, done.document) == (0, {"user": "17", "label": "erin.smith"})


def test_a_label_is_looked_for_among_those_last_seen_where_there_is_no_directory(twofa: Twofa, stage: Stage) -> None:
    for number in range(3):
        stage.visitor(f"user-{number}").go("/2fa/setup")
    assert twofa("forget", "--label", "user-1", *DO).code == 0
    assert acts(stage)[0].user == "user-1"


def test_a_label_that_two_people_have_is_code_1_with_their_ids(twofa: Twofa, listed: Stage) -> None:
    shop_directory.people["17"] = {"user": "17", "label": "erin"}
    done = twofa("forget", "--label", "erin", *DO)
    assert done.code == 1
    assert done.err == 'twofa: 2 people log in as "erin": name one by the id: erin, 17\n'
    assert acts(listed) == []


@pytest.mark.parametrize("label", ["eri", "%", "ERIN"])
def test_a_label_has_to_fit_whole(twofa: Twofa, listed: Stage, label: str) -> None:
    done = twofa("forget", "--label", label, *DO)
    assert done.code == 1
    assert "nobody was found who logs in as" in done.err


def test_a_label_that_has_many_before_it_is_found(twofa: Twofa, listed: Stage) -> None:
    shop_directory.people |= {f"erin{n}": {"user": f"erin{n}", "label": f"erin{n}"} for n in range(250)}
    assert twofa("forget", "--label", "erin249", *DO).code == 0


# ---- what has to be said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["disable", "unlock", "forget"])
@pytest.mark.parametrize(
    ("given", "missing"),
    [((), "--reason and --yes"), (("--yes",), "--reason"), (("--reason", "lost"), "--yes")],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_terminal_reason_and_yes_have_to_be_given(
    twofa: Twofa, stage: Stage, command: str, given: tuple[str, ...], missing: str, form: tuple[str, ...]
) -> None:
    remembering(stage)
    before = state(stage, "erin")
    done = twofa(command, "erin", *given, *form)
    assert done.code == 2
    assert f"nobody can be asked here: {missing} must be given" in done.err
    assert (state(stage, "erin"), acts(stage)) == (before, [])


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "\udcff"])
def test_a_reason_is_said_and_fits(twofa: Twofa, stage: Stage, reason: str) -> None:
    remembering(stage)
    assert twofa("forget", "erin", "--yes", "--reason", reason).code == 2
    assert acts(stage) == []


def test_nothing_switches_a_second_factor_on(twofa: Twofa, stage: Stage) -> None:
    wendy = stage.visitor("wendy")
    wendy.go("/2fa/setup")
    for command in ("disable", "unlock", "forget"):
        twofa(command, "wendy", *DO)
    assert looked_at(stage, "wendy").is_on is False


# ---- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("disable", "erin", *DO), ("users",), ("roles",), ("events",)])
def test_a_store_that_is_gone_is_code_1_in_one_line(twofa: Twofa, stage: Stage, command: tuple[str, ...]) -> None:
    stage.realm.store_file.unlink()
    done = twofa(*command)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"twofa: there is no store at [^\n]+\n", done.err)
    assert twofa(*command, "--json").document.keys() == {"error"}


def test_a_foreign_store_is_code_1_and_stays_as_it_is(twofa: Twofa, stage: Stage, open_realm: Open) -> None:
    remembering(stage)
    other = stage.realm.folder / "other"
    other.mkdir()
    (other / "twofa.toml").write_text('realm = "other"\nname = "Other"\n' + APP)
    assert twofa("init", "--file", "other/twofa.toml").code == 0
    stage.exchange().runtime.close()  # type: ignore[attr-defined]
    shutil.copy(other / "var" / "twofa.db", stage.realm.store_file)
    for suffix in ("-wal", "-shm"):
        stage.realm.store_file.with_name(f"twofa.db{suffix}").unlink(missing_ok=True)
    done = twofa("disable", "erin", *DO)
    assert done.code == 1
    assert re.fullmatch(r"twofa: [^\n]+ is the store [^\n]+, but `store_id` says [^\n]+\n", done.err)


APP = '[apps.shop]\norigins = ["https://shop.example.org"]\nidentity = [{ use = "remote_user" }]\n'


@pytest.mark.parametrize("command", [("disable", "erin", *DO), ("status",), ("users", "--json")])
def test_settings_that_cannot_be_used_are_code_2(twofa: Twofa, stage: Stage, command: tuple[str, ...]) -> None:
    (stage.realm.folder / "twofa.toml").write_text('relam = "x"\n' + APP)
    done = twofa(*command)
    assert done.code == 2
    assert re.fullmatch(r'twofa: twofa\.toml: unknown key "relam"[^\n]+\n', done.err)
    assert done.out == "" or "relam" in done.document["error"]


def test_keys_that_are_others_are_code_2(twofa: Twofa, stage: Stage) -> None:
    (stage.realm.folder / "var" / "keys.toml").unlink()
    twofa("keys", "new", "--file", "var/keys.toml")
    done = twofa("users")
    assert done.code == 2
    assert "store_id was written for other keys" in done.err


def test_the_environment_goes_over_the_file(
    twofa: Twofa, open_realm: Open, folder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = open_realm()
    remembering(stage)
    monkeypatch.setenv("TWOFA__ADMIN__AFTER_RESET", "code")
    assert twofa("disable", "erin", "--json", *DO).document["code"]


def test_paths_of_the_settings_begin_in_the_folder_of_their_file(
    twofa: Twofa, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering(stage)
    monkeypatch.chdir("/")
    assert twofa("forget", "erin", "--file", str(stage.realm.folder / "twofa.toml"), *DO).code == 0


def test_a_directory_that_fails_is_code_1_in_one_line(twofa: Twofa, listed: Stage) -> None:
    shop_directory.faults.append(LookupError("no\nconnection"))
    done = twofa("disable", "erin", *DO)
    assert done.code == 1
    assert done.err == "twofa: the directory could not say who somebody is: LookupError: no\\nconnection\n"
