"""``twofa keys list``, ``rotate`` and ``retire``: a key comes and goes, and nobody notices."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.cli.conftest import Twofa, Typing
from support.stage import Stage
from support.visitor import Visitor
from twofa_middleware.cli import retiring, rotating
from twofa_middleware.cli.key_files import replace_ring, write_ring
from twofa_middleware.cli.keys import keys as group
from twofa_middleware.cli.output import NotDone
from twofa_middleware.keyring import KeyRing

KEYS = "file:var/keys.toml"
RENEWABLE = 9  # of erin and wendy, with a flag


@pytest.fixture(autouse=True)
def nobody_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers here are asked after the command has ended."""
    monkeypatch.setattr(rotating, "_SETTLES_SECONDS", 0)


def ring(folder: Path) -> KeyRing:
    return KeyRing.load(KEYS, folder)


def listed(twofa: Twofa) -> dict[str, dict[str, int]]:
    """What each key has made."""
    return {one["key"]: one["records"] for one in twofa("keys", "list", "--json").document["keys"]}


def everything(stage: Stage) -> Visitor:
    """Somebody with a second factor and a remembered browser; with wendy, who has none, a record of each kind."""
    visitor = stage.enrolled("erin")
    stage.enforce("Cook")
    assert stage.visitor("wendy").go("/home").body == b"secret page"
    visitor.log_in("erin", "login-2")
    assert visitor.verify(remember="1").status == 303
    stage.clock.on(30)
    return visitor


def test_the_list_counts_what_each_key_has_made(twofa: Twofa, stage: Stage, folder: Path) -> None:
    everything(stage)
    (key,) = ring(folder).keys
    made = listed(twofa)[key.hex()]
    assert made.pop("event") >= 3
    assert made == {
        "authenticator": 1,
        "browser": 1,
        "flag": 1,
        "pass": 2,
        "person": 2,
        "recovery code": 10,
        "roles": 1,
        "roster": 1,
    }
    told = twofa("keys", "list")
    assert told.out.splitlines()[1].split()[:2] == [key.hex(), "current"]


def test_rotate_seals_everything_anew_and_all_goes_on(twofa: Twofa, stage: Stage, folder: Path) -> None:
    visitor = everything(stage)
    (old,) = ring(folder).keys
    done = twofa("keys", "rotate")
    assert (done.code, done.err) == (0, "")
    new = ring(folder).current
    assert f"{new.hex()} is the current key now." in done.out
    assert f"{RENEWABLE} records sealed anew" in done.out
    assert set(listed(twofa)[old.hex()]) == {"event", "recovery code"}
    assert set(listed(twofa)[new.hex()]) >= {"authenticator", "browser", "flag", "pass", "person", "roles", "roster"}
    assert visitor.go("/home").body == b"secret page"
    visitor.log_in("erin", "login-3")
    assert visitor.go("/home").body == b"secret page"  # the browser is remembered
    other = stage.visitor("erin", "login-4")
    other.key = visitor.key
    assert other.verify().status == 303


def test_the_naming_key_and_the_older_keys_stay(twofa: Twofa, stage: Stage, folder: Path) -> None:
    before = ring(folder)
    assert twofa("keys", "rotate").code == 0
    after = ring(folder)
    assert after.naming == before.naming
    assert after.keys.items() > before.keys.items()
    assert after.current not in before.keys
    assert list(after.keys) == [before.current, after.current]


def test_what_is_done_is_not_done_again(twofa: Twofa, stage: Stage, folder: Path) -> None:
    everything(stage)
    first = twofa("keys", "rotate", "--json").document
    again = twofa("keys", "rotate", "--resume", "--json").document
    assert (first["resealed"], again["resealed"]) == (RENEWABLE, 0)
    assert again["key"] == first["key"] == ring(folder).current.hex()
    assert again["older"] == [ring(folder).older[0].hex()]


def test_a_prepared_key_is_in_the_ring_and_makes_nothing_until_it_is_taken(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    before = ring(folder)
    prepared = twofa("keys", "rotate", "--prepare", "--json").document["key"]
    assert twofa("keys", "rotate", "--prepare", "--json").document["key"] == prepared
    assert ring(folder).current == before.current
    assert [one["state"] for one in twofa("keys", "list", "--json").document["keys"]] == ["current", "prepared"]
    assert twofa("keys", "rotate", "--json").document["key"] == prepared
    assert len(ring(folder).keys) == 2


def test_a117_all_servers_know_a_key_before_one_uses_it_and_use_it_before_anything_is_sealed_anew(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(stage)
    old = ring(folder).current
    seen: list[tuple[bool, bool, int]] = []

    def wait(seconds: float) -> None:
        with stage.database() as db:
            (roster,) = db.execute("SELECT roster FROM accounts").fetchone()
        now = ring(folder)
        seen.append((now.current == old, roster[1:5] == old, len(now.keys)))

    monkeypatch.setattr(rotating, "time", SimpleNamespace(sleep=wait))
    assert twofa("keys", "rotate").code == 0
    assert seen == [(True, True, 2), (False, True, 2)]


def test_prepare_and_resume_exclude_each_other(twofa: Twofa, stage: Stage) -> None:
    assert twofa("keys", "rotate", "--prepare", "--resume").code == 2


def test_that_a_key_came_and_went_is_an_event(twofa: Twofa, stage: Stage, folder: Path) -> None:
    (old,) = ring(folder).keys
    twofa("keys", "rotate")
    twofa("keys", "retire", old.hex(), "--yes")
    told = {event.name: event.facts for event in stage.events()}
    assert told["key made current"]["key"] == ring(folder).current.hex()
    assert told["key retired"]["key"] == old.hex()
    assert str(told["key retired"]["actor"]).startswith("command line: ")


def test_without_its_store_no_key_is_changed(twofa: Twofa, stage: Stage, folder: Path) -> None:
    before = ring(folder)
    stage.realm.store_file.unlink()
    assert twofa("keys", "rotate").code == 1
    assert ring(folder) == before


def test_the_page_has_every_option_of_every_command() -> None:
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    part = page.partition("\n## `twofa keys")[2].partition("\n## ")[0]
    for name, command in group.commands.items():
        assert f"`twofa keys {name}" in part
        for option in command.params:
            if option.opts[0].startswith("--") and option.opts[0] != "--json":
                assert f"`{option.opts[0]}" in part or option.opts[0] == "--file"


# ---- keys in no file -------------------------------------------------------------------------------------------------


def test_where_the_keys_are_in_no_file_the_ring_is_printed_and_resume_goes_on(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(stage)
    before = ring(folder)
    monkeypatch.setenv("TEST_KEYS", before.dump())
    monkeypatch.setenv("TWOFA__KEYS", "env:TEST_KEYS")
    prepared = twofa("keys", "rotate", "--prepare")
    assert "then run `twofa keys rotate`" in prepared.err
    monkeypatch.setenv("TEST_KEYS", prepared.out)
    made = twofa("keys", "rotate")
    after = KeyRing.parse(made.out, "")
    assert after == KeyRing.parse(prepared.out, "").made_current(after.current)
    assert after.current not in before.keys
    assert "then run `twofa keys rotate --resume`" in made.err
    monkeypatch.setenv("TEST_KEYS", made.out)
    assert twofa("keys", "rotate", "--resume", "--json").document["resealed"] == RENEWABLE
    retired = twofa("keys", "retire", before.current.hex(), "--yes")
    left = KeyRing.parse(retired.out.partition("\n")[2], "")
    assert (before.current in left.keys, left.retired) == (False, (before.current,))
    assert ring(folder) == before


# ---- retire ----------------------------------------------------------------------------------------------------------


def test_retire_tells_what_dies_and_asks(twofa: Twofa, typing: Typing, stage: Stage, folder: Path) -> None:
    everything(stage)
    (old,) = ring(folder).keys
    twofa("keys", "rotate")
    no = typing("n\n")("keys", "retire", old.hex())
    assert no.code == 1
    assert "10 recovery codes of 1 user, who need new ones; " in no.out
    assert "events, which then do not open." in no.out
    assert old in ring(folder).keys
    assert typing("y\n")("keys", "retire", old.hex()).code == 0
    assert old not in ring(folder).keys
    assert ring(folder).retired == (old,)
    assert [one["state"] for one in twofa("keys", "list", "--json").document["keys"]] == ["current", "retired"]


@pytest.mark.parametrize("force", [False, True])
def test_a117_what_is_made_with_the_key_while_the_question_stands_is_counted(
    twofa: Twofa, typing: Typing, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    before = ring(folder)
    twofa("keys", "rotate")
    file = folder / "var" / "keys.toml"
    now = file.read_text()

    def meanwhile(question: str) -> None:
        file.write_text(before.dump())
        stage.changed().enrolled("erin")  # by a server that is behind
        file.write_text(now)

    monkeypatch.setattr(retiring, "confirm", meanwhile)
    done = typing("")("keys", "retire", before.current.hex(), *["--force"] * force)
    assert "Nothing in the store was made with" in done.out
    assert (done.code, before.current in ring(folder).keys) == ((0, False) if force else (1, True))
    assert force or "can still be sealed anew: run `twofa keys rotate --resume` first" in done.err


def test_a117_what_would_die_beyond_what_was_told_is_asked_for_anew(
    twofa: Twofa, typing: Typing, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ring(folder)
    twofa("keys", "rotate")
    file = folder / "var" / "keys.toml"
    now = file.read_text()

    def meanwhile(question: str) -> None:
        file.write_text(before.dump())
        stage.changed().enrolled("erin")  # by a server that is behind
        file.write_text(now)
        assert twofa("keys", "rotate", "--resume").code == 0

    monkeypatch.setattr(retiring, "confirm", meanwhile)
    done = typing("")("keys", "retire", before.current.hex())
    assert (done.code, before.current in ring(folder).keys) == (1, True)
    assert f"More was made with {before.current.hex()} meanwhile" in done.err


def test_a117_what_can_be_sealed_anew_is_not_lost_by_accident(twofa: Twofa, stage: Stage, folder: Path) -> None:
    everything(stage)
    before = ring(folder)
    replace_ring(folder / "var" / "keys.toml", before, _ahead(before))
    done = twofa("keys", "retire", before.current.hex(), "--yes")
    assert done.code == 1
    assert f"{RENEWABLE} records made with" in done.err
    assert ring(folder).keys.keys() >= before.keys.keys()
    assert twofa("keys", "retire", before.current.hex(), "--yes", "--force").code == 0
    assert before.current not in ring(folder).keys
    assert stage.changed().visitor("erin", "login-5").go("/home").status == 503


def _ahead(ring: KeyRing) -> KeyRing:
    more = ring.with_new_key()
    return more.made_current(more.prepared or b"")


@pytest.mark.parametrize("key", ["naming", "zz", "00000000", ""])
def test_what_is_no_key_of_the_ring_is_not_retired(twofa: Twofa, stage: Stage, folder: Path, key: str) -> None:
    before = ring(folder)
    assert twofa("keys", "retire", key, "--yes").code in {1, 2}
    assert ring(folder) == before


def test_the_current_key_is_never_retired(twofa: Twofa, stage: Stage, folder: Path) -> None:
    before = ring(folder)
    done = twofa("keys", "retire", before.current.hex(), "--yes", "--force")
    assert (done.code, "is the current key" in done.err) == (1, True)
    assert ring(folder) == before


def test_nobody_to_ask_needs_yes(twofa: Twofa, stage: Stage, folder: Path) -> None:
    assert twofa("keys", "retire", "00000000").code == 2


def test_a117_a_recovery_code_of_a_retired_key_is_dead_and_everything_else_goes_on(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    visitor = everything(stage)
    (old,) = ring(folder).keys
    twofa("keys", "rotate")
    assert twofa("keys", "retire", old.hex(), "--yes").code == 0
    assert visitor.go("/home").body == b"secret page"
    later = stage.changed().visitor("erin", "login-6")
    later.key = visitor.key
    assert later.recover(visitor.codes[0]).status != 303
    assert later.verify().status == 303


def test_a117_a_key_that_is_taken_out_too_early_is_503_for_its_users_and_put_back_all_goes_on(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    erin = stage.enrolled("erin")
    before = ring(folder)
    twofa("keys", "rotate")
    early = ring(folder)
    newer = _ahead(early)
    replace_ring(folder / "var" / "keys.toml", early, newer)
    dora = stage.changed().enrolled("dora")  # the only one under the newest key
    lost = newer.without(early.current)
    replace_ring(folder / "var" / "keys.toml", newer, lost)
    now = stage.changed()
    assert now.meets(erin).go("/home").status == 503
    assert now.meets(erin).go("/2fa/setup").status == 503
    assert now.meets(dora).go("/home").body == b"secret page"
    now.exchange().runtime.close()  # type: ignore[attr-defined]  # what waits to be written down is written
    assert "refused, our fault" in [event.name for event in now.events()]
    replace_ring(folder / "var" / "keys.toml", lost, newer)
    again = stage.changed()
    assert again.meets(erin).go("/home").body == b"secret page"
    assert before.current in ring(folder).keys


# ---- the file --------------------------------------------------------------------------------------------------------


def test_the_file_stays_for_its_owner_alone_and_a_link_stays_a_link(twofa: Twofa, stage: Stage, folder: Path) -> None:
    place = folder / "var" / "keys.toml"
    place.rename(folder / "real.toml")
    place.symlink_to(folder / "real.toml")
    umask = os.umask(0)
    try:
        assert twofa("keys", "rotate").code == 0
    finally:
        os.umask(umask)
    assert place.is_symlink()
    assert stat.S_IMODE((folder / "real.toml").stat().st_mode) == 0o600
    assert len(ring(folder).keys) == 2
    assert [file.name for file in folder.glob("real.toml*")] == ["real.toml"]


def test_a_ring_that_was_changed_meanwhile_is_not_written_over(folder: Path) -> None:
    path, old, other = folder / "keys.toml", KeyRing.new(), KeyRing.new()
    write_ring(other, path)
    with pytest.raises(NotDone, match="was changed by somebody else"):
        replace_ring(path, old, old.with_new_key())
    assert KeyRing.load("file:keys.toml", folder) == other
    assert list(folder.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, old = folder / "keys.toml", KeyRing.new()
    write_ring(old, path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_ring(path, old, old.with_new_key())
    assert KeyRing.load("file:keys.toml", folder) == old
    assert list(folder.iterdir()) == [path]
