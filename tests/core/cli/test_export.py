"""``twofa export``: a new file for its owner alone, whole or not there, that gives nothing away."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.conftest import Run, Twofa, Typing
from core.cli.houses import PASSPHRASE, SEALED, another_store, counts, exported, key_of
from support.redis_servers import Server, a_server
from support.stage import Stage
from twofa_middleware.cli import export as exporting
from twofa_middleware.errors import BadFile
from twofa_middleware.moving import resuming, stream
from twofa_middleware.moving.entries import Entry, pack
from twofa_middleware.moving.new_file import Part, new_file


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as started:
        yield started


def test_it_says_how_much_there_is_and_that_the_keys_are_not_in_it(twofa: Twofa, stage: Stage, folder: Path) -> None:
    stage.enrolled("erin")
    stage.enforce("Cook")
    done = exported(twofa, folder)
    assert done.out.startswith("realm.twofa: 1 user, flags on 1 role, ")
    assert "key ring alone, which is not in it" in done.out
    assert done.err == ""
    document = exported(twofa, folder, "other.twofa", "--json").document
    assert document.keys() == {"file", "made_at", "users", "roles", "events"}


def test_the_file_is_for_its_owner_alone_and_gives_nothing_away(twofa: Twofa, stage: Stage, folder: Path) -> None:
    visitor = stage.enrolled("erin")
    umask = os.umask(0)
    try:
        exported(twofa, folder)
    finally:
        os.umask(umask)
    file = folder / "realm.twofa"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    for text in (PASSPHRASE, "erin", *visitor.secrets):
        assert text.encode() not in content


def test_that_it_was_made_is_an_event_with_who_made_it(twofa: Twofa, stage: Stage, folder: Path) -> None:
    exported(twofa, folder)
    (event,) = [event for event in stage.events() if event.name == "realm exported"]
    assert str(event.facts["actor"]).startswith("command line: ")
    assert event.facts["users"] == 0


def test_no_file_is_overwritten(twofa: Twofa, stage: Stage, folder: Path) -> None:
    (folder / "passphrase").write_text(PASSPHRASE)
    (folder / "passphrase").chmod(0o600)
    (folder / "realm.twofa").write_text("dear")
    (folder / "link.twofa").symlink_to("nowhere")
    for name in ("realm.twofa", "link.twofa"):
        done = twofa("export", name, *SEALED)
        assert (done.code, done.out) == (1, "")
        assert "no file is overwritten" in done.err
    assert (folder / "realm.twofa").read_text() == "dear"
    assert not (folder / "nowhere").exists()
    assert stage.events() == []


# ---- the passphrase -------------------------------------------------------------------------------------------------


def test_without_a_terminal_no_passphrase_is_shown(twofa: Twofa, stage: Stage, folder: Path) -> None:
    done = twofa("export", "realm.twofa")
    assert (done.code, done.out) == (2, "")
    assert "--passphrase-file must be given" in done.err
    assert not (folder / "realm.twofa").exists()


def test_at_a_terminal_a_new_passphrase_is_shown_once(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    done = twofa("export", "realm.twofa", "--json")
    (passphrase,) = re.findall(r"shown this once: ((?:[0-9a-z]{4}-){7}[0-9a-z]{4})\n", done.err)
    assert done.err.count(passphrase) == 1
    assert passphrase not in done.out
    (folder / "new").write_text(passphrase.upper().replace("-", " ") + "\n")
    (folder / "new").chmod(0o600)
    assert twofa("import", "realm.twofa", "--passphrase-file", "new", "--dry-run").code == 0


def test_a_passphrase_file_that_is_not_there_is_made(twofa: Twofa, stage: Stage, folder: Path) -> None:
    done = twofa("export", "realm.twofa", "--passphrase-file", "new")
    assert (done.code, done.err) == (0, "")
    made = folder / "new"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert re.fullmatch(r"(?:[0-9a-z]{4}-){7}[0-9a-z]{4}\n", made.read_text())
    assert made.read_text().strip() not in done.out
    assert twofa("import", "realm.twofa", "--passphrase-file", "new", "--dry-run").code == 0


def test_a_passphrase_is_not_put_through_a_link_that_leads_nowhere(twofa: Twofa, stage: Stage, folder: Path) -> None:
    (folder / "link").symlink_to("elsewhere")
    done = twofa("export", "realm.twofa", "--passphrase-file", "link")
    assert (done.code, done.out) == (2, "")
    assert "--passphrase-file: link is a link to a file that is not there" in done.err
    assert "take the link away" in done.err
    assert not (folder / "elsewhere").exists()
    done = twofa("export", "realm.twofa", "--passphrase-file", "nowhere/new")
    assert (done.code, "--passphrase-file: nowhere/new cannot be made: No such file" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "mode", "said"), [("short", 0o600, "16 characters"), (PASSPHRASE, 0o644, "open to others")]
)
def test_a_passphrase_that_keeps_nobody_out_is_refused(
    twofa: Twofa, stage: Stage, folder: Path, text: str, mode: int, said: str
) -> None:
    (folder / "passphrase").write_text(text)
    (folder / "passphrase").chmod(mode)
    done = twofa("export", "realm.twofa", *SEALED)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert text not in done.err
    assert not (folder / "realm.twofa").exists()


def test_the_passphrase_of_a_file_is_asked_for_at_a_terminal(
    typing: Typing, stage: Stage, folder: Path, twofa: Twofa, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(twofa, folder)
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: PASSPHRASE)
    done = typing("n\n")("import", "realm.twofa")
    assert (done.code, done.err) == (1, "twofa: nothing was changed\n")
    assert PASSPHRASE not in done.out
    assert twofa("import", "realm.twofa", "--yes").code == 2


# ---- interrupted ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError("the disk is full")])
def test_an_export_that_is_interrupted_leaves_nothing_and_can_be_begun_again(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def interrupted(entry: object) -> bytes:
        raise fault

    stage.enrolled("erin")
    with monkeypatch.context() as patch:
        patch.setattr(exporting, "pack", interrupted)
        (folder / "passphrase").write_text(PASSPHRASE)
        (folder / "passphrase").chmod(0o600)
        done = twofa("export", "realm.twofa", *SEALED)
    assert done.code == 1
    assert not list(folder.glob("realm.twofa*"))
    exported(twofa, folder)


def test_a_part_opens_nowhere(twofa: Twofa, stage: Stage, folder: Path) -> None:
    exported(twofa, folder)
    (folder / "realm.twofa.part").write_bytes((folder / "realm.twofa").read_bytes()[:-1])
    done = twofa("import", "realm.twofa.part", *SEALED, "--dry-run")
    assert (done.code, done.out) == (1, "")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few records fill a chunk."""
    for room in (stream, resuming):
        monkeypatch.setattr(room, "CHUNK_BYTES", 256)
        monkeypatch.setattr(room, "BLOCK_BYTES", 256 + 28)


def interrupt(twofa: Twofa, monkeypatch: pytest.MonkeyPatch, fault: BaseException, *arguments: str) -> Run:
    """An export to which that happens after some of the people."""
    count = 0

    def interrupted(entry: Entry) -> bytes:
        nonlocal count
        count += 1
        if count == 3:
            raise fault
        return pack(entry)

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "pack", interrupted)
        return twofa("export", "realm.twofa", *arguments)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError("the disk is full")])
def test_at_a_terminal_the_passphrase_is_shown_first_so_that_an_interrupted_export_can_go_on(
    twofa: Twofa, typing: Typing, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    for user in ("ada", "erin", "wendy"):
        stage.enrolled(user)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    done = interrupt(twofa, monkeypatch, fault)
    (passphrase,) = re.findall(r"^Passphrase of the file, shown this once: (\S+)\n", done.err)
    assert "realm.twofa.part stays: --resume goes on with it" in done.err
    assert (done.code, [path.name for path in folder.glob("realm.twofa*")]) == (1, ["realm.twofa.part"])
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: passphrase)
    done = typing("")("export", "realm.twofa", "--resume")
    assert done.code == 0, done.err
    assert done.out.startswith("realm.twofa: 3 users")
    assert "It was begun at 20" in done.out
    assert passphrase not in done.out + done.err
    (folder / "passphrase").write_text(passphrase)
    (folder / "passphrase").chmod(0o600)
    assert counts(twofa("import", "realm.twofa", *SEALED, "--dry-run", "--json")) == {"there": 3}


@pytest.mark.usefixtures("small_chunks")
def test_where_nobody_can_be_asked_resume_needs_the_passphrase_file(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("ada", "erin", "wendy"):
        stage.enrolled(user)
    interrupt(twofa, monkeypatch, KeyboardInterrupt(), "--passphrase-file", "new")
    done = twofa("export", "realm.twofa", "--resume")
    assert (done.code, done.out) == (2, "")
    assert "--passphrase-file must be given" in done.err
    done = twofa("export", "realm.twofa", "--resume", "--passphrase-file", "new")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("stays", [False, True])
def test_a_file_that_comes_up_meanwhile_is_not_overwritten(tmp_path: Path, stays: bool) -> None:
    path = tmp_path / "new"

    def write(part: Part) -> None:
        part.file.write(b"ours")
        part.stays = stays
        path.write_text("theirs")

    with pytest.raises(BadFile, match="exists by now"), new_file(path) as part:
        write(part)
    assert path.read_text() == "theirs"
    assert sorted(tmp_path.iterdir()) == [path, *[tmp_path / "new.part"] * stays]


def test_somebody_whose_records_are_damaged_is_not_left_out(
    twofa: Twofa, stage: Stage, folder: Path, server: Server
) -> None:
    """In the other store they would be somebody without a second factor."""
    on_redis = another_store(stage, server.url)
    on_redis.enrolled("erin")
    key = key_of(on_redis, "erin")
    assert server.say("HSET", f"2fa:test:{{{key}}}:account", "s", "rubbish") == b":0\r\n"
    done = twofa("export", "realm.twofa", "--passphrase-file", "new", "--file", "there.toml")
    assert (done.code, done.out) == (1, "")
    assert f"of the user {key} not everything can be carried" in done.err
    assert not list(folder.glob("realm.twofa*"))


def test_how_far_a_run_has_got_is_shown_on_a_terminal_alone(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.enrolled("erin")
    assert exported(twofa, folder).err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    done = exported(twofa, folder, "other.twofa")
    assert done.err.startswith("\rusers and events: 1")
    assert "users and events" not in done.out
    done = twofa("import", "other.twofa", *SEALED, "--yes")
    assert re.search(r"\rusers and events: (\d+) of \1\n$", done.err)
