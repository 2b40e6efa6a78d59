"""The realm in figures, and what was written down, as administrators read it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from support.administration import ADMIN, administrator, opened, switch_off
from support.exchange import Reply
from support.realm import NOW
from support.stage import Open, Stage
from support.visitor import Visitor
from twofa_middleware.asks import AddCounts

TODAY = NOW // 86400
DAY = 86400


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return opened(open_stage)


def words(page: Reply) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))


def counted(stage: Stage, **days: dict[str, int]) -> None:
    """Counters of days ago: ``d0``, ``d6``, ``d7`` and so on."""
    for day in sorted(days, key=lambda name: -int(name[1:])):
        assert stage.administer(lambda desk, day=day: AddCounts(TODAY - int(day[1:]), days[day]).__iter__())  # type: ignore[misc]


# ---- figures --------------------------------------------------------------------------------------------------------


def test_decisions_are_counted_by_app_for_a_week_and_for_all_days(stage: Stage) -> None:
    counted(
        stage,
        d0={"shop passed": 1000, "office verify": 1, "gone passed": 9},
        d6={"shop passed": 234},
        d7={"shop passed": 1, "shop setup": 4},
        d34={"shop error": 2},
        d35={"shop refused": 7},
    )
    shown = words(administrator(stage).go(ADMIN))
    assert "Shop enforced" in shown
    assert "Let through, logged in 1,234 1,235" in shown
    assert "Asked to set up 0 4" in shown
    assert "Refused, since something could not be told 0 2" in shown
    assert re.search(r"Office enforced .*Asked for a code 1 1", shown)
    assert "Refused 0 7" not in shown
    assert "gone" not in shown.lower()


def test_a_decision_of_another_version_is_shown_as_it_stands(stage: Stage) -> None:
    counted(stage, d0={"shop <b>odd</b> one": 3, "nospace": 1})
    assert "&lt;b&gt;odd&lt;/b&gt; one" in administrator(stage).go(ADMIN).text


def test_in_mode_report_it_is_clear_what_would_have_been_stopped(open_stage: Open) -> None:
    stage = opened(open_stage, shop={"mode": "report"}, office={"mode": "enforce"})
    counted(
        stage,
        d0={"shop would verify": 12, "shop would setup": 3},
        d8={"shop would refused": 5},
    )
    page = administrator(stage).go(ADMIN)
    shown = words(page)
    assert "Shop runs in mode report: nobody is stopped there." in shown
    assert re.search(
        r"in the last 7 days: Would have been asked for a code: 12 Would have been asked to set up: 3", shown
    )
    assert "Would have been refused 0 5" in shown
    assert page.text.count("runs in mode") == 1


def test_an_app_in_mode_off_is_a_warning(open_stage: Open) -> None:
    stage = opened(open_stage, shop={"mode": "off"}, office={"mode": "enforce"})
    assert "Shop runs in mode off: nobody is asked for anything there." in words(administrator(stage).go(ADMIN))


def test_the_roles_that_demand_it_are_counted(open_stage: Open) -> None:
    stage = opened(open_stage, enforcement={"pinned": ["Kitchen"]})
    stage.enforce("Chef")
    stage.enforce("Boss", is_enforced=False)
    assert "2 roles demand two-factor authentication , 1 of them pinned" in words(administrator(stage).go(ADMIN))


def test_no_role_that_demands_it_is_said_so(stage: Stage) -> None:
    page = administrator(stage).go(ADMIN)
    assert "No role demands two-factor authentication" in page.text
    for room in ("users", "roles", "events"):
        assert f'<a href="{ADMIN}/{room}">' in page.text
    assert f'<a href="{ADMIN}" aria-current="page">' in page.text


# ---- events ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(stage: Stage) -> Visitor:
    """erin and wendy have turned it on at the shop, and ada has switched erin off at the office and enforced a role."""
    stage.enrolled("erin")
    stage.enrolled("wendy")
    ada = administrator(stage)
    switch_off(ada)
    ada.fill(ada.go(f"{ADMIN}/role?name=Chef"), "/role?name=Chef", enforce="1", grace_days="7")
    stage.clock.on(20)
    return ada


def rows(page: Reply) -> list[str]:
    found = re.findall(r'<tr role="row">\s*<td.*?</tr>', page.text, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in found]


def test_events_are_the_newest_first_with_who_whom_where_when_and_why(told: Visitor) -> None:
    found = rows(told.go(f"{ADMIN}/events"))
    assert found[0] == ("15 Jan 2027, 08:01:30 A role was enforced Office by ada role Chef days of grace 7")
    assert found[1] == ("15 Jan 2027, 08:01:30 Switched off by an administrator erin Office by ada “ lost phone ”")
    assert found[-1] == "15 Jan 2027, 08:00:00 Opened the set-up erin Shop"
    assert "15 Jan 2027, 08:00:30 Turned two-factor authentication on wendy Shop with a code of the app" in found


@pytest.mark.parametrize(
    ("query", "whom"),
    [
        ("who=erin", {"erin"}),
        ("who=e", {"erin"}),
        ("who=%25nd%25", {"wendy"}),
        ("who=nobody", set()),
        ("kind=disabled+by+an+administrator", {"erin"}),
        ("app=shop", {"erin", "wendy"}),
        ("app=office&kind=enrolled", {"ada"}),
        ("app=*", set()),
        ("who=erin&app=office&days=1", {"erin"}),
        ("days=7", {"erin", "wendy", "ada", ""}),
    ],
)
def test_events_are_filtered(told: Visitor, query: str, whom: set[str]) -> None:
    page = told.go(f"{ADMIN}/events?{query}")
    found = {name for row in rows(page) for name in re.findall(r"(?:on|off|up|tor) (\w+) (?:Shop|Office)", row)}
    assert found == whom - {""}
    assert bool(rows(page)) is bool(whom)


def test_old_events_are_left_out_by_the_days(stage: Stage) -> None:
    stage.enrolled("erin")
    stage.clock.on(2 * DAY)
    ada = administrator(stage)
    assert all("erin" not in row for row in rows(ada.go(f"{ADMIN}/events?days=1")))
    assert any("erin" in row for row in rows(ada.go(f"{ADMIN}/events?days=7")))


def test_a_filter_stays_chosen_in_its_fields(told: Visitor) -> None:
    page = told.go(f"{ADMIN}/events?who=%22%3E%3Cb&kind=enrolled&app=shop&days=35").text
    assert 'value="&#34;&gt;&lt;b"' in page
    for value in ("enrolled", "shop", "35"):
        assert f'<option value="{value}" selected>' in page


@pytest.mark.parametrize(
    "query",
    ["kind=nothing", "app=nothing", "days=0", "days=-1", "days=x", "who=a&who=b", f"who={'x' * 256}", "who=%ff",
     "days=99999999999999999999", f"before={'1' * 300}", "kind=enrolled&kind=enrolled", "who=a%00"],
)  # fmt: skip
def test_an_odd_filter_is_400_and_does_not_crash(told: Visitor, query: str) -> None:
    assert told.go(f"{ADMIN}/events?{query}").status == 400


@pytest.mark.parametrize("before", ["x", "-1", "1-1", "0", "9" * 40, "%E2%98%83", "1.5", "' OR 1"])
def test_a_place_that_the_store_never_gave_has_no_events_or_some_and_does_not_crash(told: Visitor, before: str) -> None:
    assert told.go(f"{ADMIN}/events?before={quote(before, safe='%')}").status == 200


def test_pages_of_events_follow_each_other(stage: Stage) -> None:
    for number in range(20):
        stage.visitor(f"u{number:02}").set_up()
    ada = administrator(stage)
    target, seen = f"{ADMIN}/events?who=u", []
    while target:
        page = ada.go(target)
        seen += rows(page)
        older = re.search(r'href="([^"]*)">Older', page.text)
        target = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == 40
    assert len(set(seen)) == 40


def test_an_event_that_somebody_else_has_written_is_told_and_the_others_are_shown(told: Visitor, stage: Stage) -> None:
    told.go(f"{ADMIN}/events")
    with stage.database() as db:
        db.execute("UPDATE events SET record = zeroblob(50) WHERE position = (SELECT min(position) FROM events)")
    page = told.go(f"{ADMIN}/events")
    assert "1 event does not open under the realm" in page.text
    assert "Switched off by an administrator" in page.text


def test_no_page_shows_a_secret(told: Visitor) -> None:
    for page in ("", "/users", "/user?id=wendy", "/roles", "/role?name=Chef", "/events"):
        shown = told.go(f"{ADMIN}{page}").text
        shown = re.sub(r'name="token" value="[^"]*"', "", shown)
        assert all(secret not in shown for secret in told.secrets if len(secret) > 6)
