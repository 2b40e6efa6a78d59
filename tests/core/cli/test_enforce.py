"""``twofa enforce`` and ``twofa roles``: whom a role stops, and setting its flag."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.cli import shop_directory
from core.cli.conftest import Terminal, Twofa, Typing
from support.stage import Open, Stage
from twofa_middleware.accounts.rules import Flag, key_of, read_flags
from twofa_middleware.asks import MeetRules
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Event, Flow

KITCHEN: dict[str, Any] = {"roles": {"use": "static", "users": {"erin": ["Cook"], "wendy": ["Guest"]}}}
FIGURES = {"people", "through_groups", "enrolled", "stopped", "left_out"}


def flag(stage: Stage, role: str) -> Flag | None:
    return stage.administer(read_flags).get(role)


def acts(stage: Stage) -> list[Event]:
    return [event for event in stage.events() if "actor" in event.facts]


# ---- enforce --------------------------------------------------------------------------------------------------------


def test_enforce_tells_first_whom_it_stops_and_then_sets_the_flag(twofa: Twofa, listed: Stage) -> None:
    listed.enrolled("ada")
    done = twofa("enforce", "Cook", "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        '"Cook": 2 have it, 1 through groups; 1 have a second factor. It would stop 1 today: erin (id erin).\n'
        '"Cook" is enforced, from the next log-in on.\n'
    )
    made = flag(listed, "Cook")
    assert made is not None
    assert (made.is_enforced, made.version, made.grace_days) == (True, 1, 0)
    (event,) = acts(listed)
    assert event.name == "role enforced"
    assert event.facts["role"] == "Cook"
    assert str(event.facts["actor"]).startswith("command line: ")


def test_who_has_an_enforced_role_is_asked_to_set_up_at_the_next_log_in(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(**KITCHEN)
    erin = stage.visitor("erin")
    assert erin.go("/home").status == 200
    stage.enforce("Guest")  # so that roles are looked at, and written down
    erin.log_in(login="login-2")
    assert erin.go("/home").status == 200
    assert twofa("enforce", "Cook", "--yes").code == 0
    erin.log_in(login="login-3")
    assert erin.go("/home").header("location") == "/2fa/setup?next=/home"


def test_grace_lets_people_wait_and_is_told(twofa: Twofa, listed: Stage) -> None:
    done = twofa("enforce", "Cook", "--grace-days", "14", "--yes")
    assert "It would stop nobody today. 2 more have their grace of 14 days." in done.out
    assert '"Cook" is enforced, with 14 days of grace, from the next log-in on.' in done.out
    assert flag(listed, "Cook").grace_days == 14  # type: ignore[union-attr]


def test_grace_of_an_earlier_rule_is_not_held_against_anybody(twofa: Twofa, listed: Stage) -> None:
    def met_long_ago(desk: Desk) -> Flow[object]:
        return (yield from MeetRules(desk.user_key("erin"), (key_of(desk, "Cook"),), listed.clock.now - 20 * 86400))

    listed.administer(met_long_ago)
    done = twofa("enforce", "Cook", "--grace-days", "14", "--yes", "--json")
    assert done.document["forecast"]["stopped"] == 0


def test_enforced_again_it_keeps_its_grace_and_writes_no_event(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--grace-days", "14", "--yes")
    done = twofa("enforce", "Cook", "--yes", "--json")
    assert done.code == 0
    assert (done.document["grace_days"], done.document["changed"]) == (14, False)
    assert flag(listed, "Cook").version == 1  # type: ignore[union-attr]
    assert len(acts(listed)) == 1


def test_grace_can_be_changed_and_counts_from_when_the_rule_began(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--grace-days", "14", "--yes")
    began = flag(listed, "Cook").since  # type: ignore[union-attr]
    assert twofa("enforce", "Cook", "--grace-days", "0", "--yes", "--json").document["forecast"]["stopped"] == 2
    changed = flag(listed, "Cook")
    assert changed is not None
    assert (changed.version, changed.grace_days, changed.since) == (2, 0, began)


def test_clear_takes_the_flag_away(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--yes")
    done = twofa("enforce", "Cook", "--clear", "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, '"Cook" is not enforced.')
    assert flag(listed, "Cook").is_enforced is False  # type: ignore[union-attr]
    assert [event.name for event in acts(listed)] == ["role enforced", "role no longer enforced"]


def test_clear_of_a_role_that_is_not_enforced_changes_nothing(twofa: Twofa, listed: Stage) -> None:
    done = twofa("enforce", "Cook", "--clear", "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, '"Cook" is not enforced: as it was before.')
    assert acts(listed) == []


@pytest.mark.parametrize("arguments", [(), ("--clear",), ("--grace-days", "3")])
def test_a_pinned_role_is_changed_in_the_settings_alone(
    twofa: Twofa, open_realm: Open, arguments: tuple[str, ...]
) -> None:
    stage = open_realm(enforcement={"pinned": ["Manager"]}, roles={"use": "static", "users": {"ada": ["Manager"]}})
    done = twofa("enforce", "Manager", "--yes", *arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("change `pinned` under `enforcement` in twofa.toml\n")
    assert (flag(stage, "Manager"), acts(stage)) == (None, [])


@pytest.mark.parametrize("fixture", ["stage", "listed"])
@pytest.mark.parametrize("arguments", [(), ("--clear",)])
def test_a_role_that_nobody_knows_is_a_slip_of_the_pen(
    twofa: Twofa, request: pytest.FixtureRequest, fixture: str, arguments: tuple[str, ...]
) -> None:
    stage: Stage = request.getfixturevalue(fixture)
    done = twofa("enforce", "Cok", "--yes", *arguments)
    assert (done.code, done.out) == (1, "")
    assert 'no role "Cok" is known' in done.err
    assert ('did you mean "Cook"?' in done.err) is (fixture == "listed")
    assert ("the settings name no directory" in done.err) is (fixture == "stage")
    assert (flag(stage, "Cok"), acts(stage)) == (None, [])


def test_without_a_directory_a_role_that_nobody_was_seen_with_can_be_enforced_by_saying_so(
    twofa: Twofa, open_realm: Open
) -> None:
    stage = open_realm(**KITCHEN)
    assert twofa("enforce", "Cook", "--yes").err.endswith(": if the name is right, add --unseen\n")
    done = twofa("enforce", "Cook", "--unseen", "--yes")
    assert done.code == 0
    assert 'Nobody was seen with the role "Cook": today it demands nothing of anybody. Is the name right?' in done.out
    assert stage.visitor("erin").go("/home").header("location") == "/2fa/setup?next=/home"


def test_with_a_directory_no_role_is_unseen(twofa: Twofa, listed: Stage) -> None:
    assert twofa("enforce", "Cok", "--unseen", "--yes").code == 1
    assert flag(listed, "Cok") is None


def test_a_role_that_nobody_has_is_told_to_ask_nothing_of_anybody(twofa: Twofa, listed: Stage) -> None:
    done = twofa("enforce", "Guest", "--yes")
    assert done.code == 0
    assert 'Nobody has the role "Guest": today it demands nothing of anybody. Is the name right?' in done.out


def test_a_role_that_the_directory_has_forgotten_can_be_cleared(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--yes")
    del shop_directory.members_of["Cook"]
    assert twofa("enforce", "Cook", "--clear", "--yes").code == 0
    assert flag(listed, "Cook").is_enforced is False  # type: ignore[union-attr]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_terminal_yes_has_to_be_given(twofa: Twofa, listed: Stage, form: tuple[str, ...]) -> None:
    done = twofa("enforce", "Cook", *form)
    assert done.code == 2
    assert "--yes must be given" in done.err
    assert flag(listed, "Cook") is None


@pytest.mark.parametrize(
    "arguments", [("--grace-days", "-1"), ("--grace-days", "366"), ("--clear", "--grace-days", "1")]
)
def test_a_grace_that_cannot_be_is_code_2(twofa: Twofa, listed: Stage, arguments: tuple[str, ...]) -> None:
    assert twofa("enforce", "Cook", "--yes", *arguments).code == 2
    assert flag(listed, "Cook") is None


def test_a_flag_that_somebody_else_sets_meanwhile_is_not_written_over(typing: Typing, listed: Stage) -> None:
    class Slow(Terminal):
        """Whoever is asked takes so long that another administrator comes first."""

        def readline(self, size: int | None = -1, /) -> str:
            listed.enforce("Cook", grace_days=7)
            return "y\n"

    done = typing(Slow())("enforce", "Cook")
    assert done.code == 1
    assert "was changed by somebody else at this very moment" in done.err
    kept = flag(listed, "Cook")
    assert kept is not None
    assert (kept.version, kept.grace_days) == (1, 7)


def test_with_json_there_is_one_document_with_the_forecast(twofa: Twofa, listed: Stage) -> None:
    done = twofa("enforce", "Cook", "--yes", "--json")
    assert done.document.keys() == {"role", "enforced", "grace_days", "changed", "forecast"}
    assert done.document["forecast"] == {
        "people": 2, "through_groups": 1, "enrolled": 0, "stopped": 2, "left_out": 0,
    }  # fmt: skip


# ---- roles ----------------------------------------------------------------------------------------------------------


def test_roles_are_listed_with_whom_they_stop(twofa: Twofa, listed: Stage) -> None:
    listed.enrolled("ada")
    twofa("enforce", "Guest", "--yes")
    done = twofa("roles")
    assert done.code == 0
    heads, *lines = [line.split() for line in done.out.splitlines()]
    assert heads == ["ROLE", "ENFORCED", "SINCE", "PEOPLE", "BY", "GROUPS", "ENROLLED", "STOPPED"]
    assert lines[0] == ["Cook", "no", "2", "1", "1", "1"]
    assert (lines[1][:2], lines[1][3:]) == (["Guest", "yes"], ["0", "0", "0", "0"])


def test_roles_with_json_have_stable_keys(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--grace-days", "14", "--yes")
    cook, guest = twofa("roles", "--json").document["roles"]
    assert cook.keys() == {"role", "enforced", "pinned", "since", "grace_days", *FIGURES}
    assert (cook["enforced"], cook["pinned"], cook["grace_days"], cook["stopped"]) == (True, False, 14, 0)
    assert (guest["enforced"], guest["since"]) == (False, None)


def test_a_role_is_shown_with_its_people(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--grace-days", "14", "--yes")
    (cook,) = twofa("roles", "Cook", "--json").document["roles"]
    assert [(one["user"], one["through"], one["enrolled"]) for one in cook["members"]] == [
        ("ada", ["Night*"], False),
        ("erin", [], False),
    ]
    assert re.search(r"\nada +ada +Ada Example +Night\* +off +\d{4}-\d\d-\d\dT", twofa("roles", "Cook").out)


def test_pinned_roles_are_marked(twofa: Twofa, open_realm: Open) -> None:
    open_realm(enforcement={"pinned": ["Manager"]}, roles={"use": "static", "users": {"ada": ["Manager"]}})
    (manager,) = twofa("roles", "--json").document["roles"]
    assert (manager["role"], manager["pinned"], manager["enforced"]) == ("Manager", True, True)
    assert re.search(r"\nManager +pinned ", twofa("roles").out)


def test_without_a_directory_roles_are_those_last_seen(twofa: Twofa, open_realm: Open) -> None:
    stage = open_realm(**KITCHEN)
    assert twofa("roles").code == 1
    stage.enforce("Guest")  # only then is anybody asked for roles
    stage.visitor("erin").go("/home")
    cook, guest = twofa("roles", "--json").document["roles"]
    assert (cook["role"], cook["people"], cook["stopped"]) == ("Cook", 1, 1)
    assert (guest["role"], guest["people"]) == ("Guest", 0)


def test_a_role_that_nobody_knows_is_code_1(twofa: Twofa, listed: Stage) -> None:
    done = twofa("roles", "Cok", "--json")
    assert (done.code, done.document.keys()) == (1, {"error"})


def test_a_flag_that_does_not_open_is_told_and_nothing_is_set(twofa: Twofa, listed: Stage) -> None:
    twofa("enforce", "Cook", "--yes")
    with listed.database() as db:
        db.execute("UPDATE roles SET record = X'00'")
    for command in (("roles",), ("enforce", "Cook", "--clear", "--yes")):
        done = twofa(*command)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"twofa: [^\n]+\n", done.err)


def test_a_directory_that_fails_is_told(twofa: Twofa, listed: Stage) -> None:
    shop_directory.faults.append(TimeoutError("too slow"))
    done = twofa("roles")
    assert (done.code, done.err) == (
        1,
        "twofa: the directory could not say which roles there are: TimeoutError: too slow\n",
    )
