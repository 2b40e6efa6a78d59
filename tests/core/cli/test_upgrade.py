"""``twofa upgrade``: what there is to do is told, asked for and done."""

from __future__ import annotations

from core.cli.conftest import Twofa, Typing
from support.stage import Stage
from twofa_middleware.stores.sql.migrations import LAYOUT


def go_back(stage: Stage, layout: int, needs: int | None = None) -> None:
    """The store as an older version left it."""
    with stage.database() as db:
        db.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (str(layout),))
        if layout == 1:
            for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {trigger}")
            db.executescript(
                "DROP INDEX log_of_user_by_id; CREATE INDEX log_of_user ON log (user); DROP TABLE bindings; "
                "DROP TABLE revision;"
            )
        if needs is not None:
            db.execute("INSERT INTO meta (name, value) VALUES ('needs', ?)", (str(needs),))


def test_there_is_nothing_to_do_on_a_new_store(twofa: Twofa, stage: Stage) -> None:
    done = twofa("upgrade", "--json")
    assert done.code == 0
    assert done.document == {"layout": LAYOUT, "needs": LAYOUT, "known": LAYOUT, "changed": False, "backup": None}


def test_an_older_store_is_upgraded_and_then_committed(twofa: Twofa, stage: Stage) -> None:
    go_back(stage, 1)
    refused = twofa("status")
    assert refused.code == 1
    assert "run `twofa upgrade`" in refused.err
    done = twofa("upgrade", "--yes")
    assert done.code == 0
    assert f"twofa.db.before-{LAYOUT}: what was there before" in done.out
    assert "until `twofa upgrade --commit`" in done.out
    assert twofa("status").code == 0
    assert "Nothing is left to do." in twofa("upgrade", "--commit", "--yes").out
    assert twofa("upgrade", "--json").document["needs"] == LAYOUT


def test_a_dry_run_changes_nothing(twofa: Twofa, stage: Stage) -> None:
    go_back(stage, 1)
    assert f"Would be done: bring the store from layout 1 to {LAYOUT}" in twofa("upgrade", "--dry-run").out
    assert twofa("status").code == 1
    assert list(stage.realm.store_file.parent.glob("*.before*")) == []


def test_where_nobody_can_be_asked_nothing_is_done_without_yes(twofa: Twofa, stage: Stage) -> None:
    go_back(stage, 1)
    assert twofa("upgrade").code == 2
    assert twofa("status").code == 1


def test_who_says_no_changes_nothing(twofa: Twofa, typing: Typing, stage: Stage) -> None:
    go_back(stage, 1)
    assert typing("n\n")("upgrade").code == 1
    assert typing("y\n")("upgrade").code == 0
    assert twofa("status").code == 0


def test_a_commit_before_the_upgrade_is_refused(twofa: Twofa, stage: Stage) -> None:
    go_back(stage, 1)
    refused = twofa("upgrade", "--commit", "--yes")
    assert refused.code == 1
    assert "run `twofa upgrade` first" in refused.err


def test_a_newer_store_is_left_to_the_newer_version(twofa: Twofa, stage: Stage) -> None:
    go_back(stage, LAYOUT + 1, needs=LAYOUT)
    assert twofa("upgrade").code == 0
    assert twofa("upgrade", "--commit", "--yes").code == 1
    assert twofa("status").code == 0


def test_what_was_done_is_an_event_that_says_from_which_layout_to_which(twofa: Twofa, stage: Stage) -> None:
    go_back(stage, 1)
    twofa("upgrade", "--dry-run")
    for arguments in (["--yes"], ["--yes"], ["--commit", "--yes"], ["--commit", "--yes"]):
        assert twofa("upgrade", *arguments).code == 0
    events = [event for event in stage.events() if event.name == "store upgraded"]
    facts = [{name: event.facts[name] for name in ("layout_before", "layout", "committed")} for event in events]
    assert facts == [
        {"layout_before": 1, "layout": LAYOUT, "committed": 0},
        {"layout_before": LAYOUT, "layout": LAYOUT, "committed": 1},
    ]
    assert all(str(event.facts["actor"]).startswith("command line: ") for event in events)
