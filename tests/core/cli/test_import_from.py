"""``twofa import --from``: people of another system come with their phones; a wrong line stops nothing else, and no secret
is told."""

from __future__ import annotations

import base64
import hmac
import json
import struct
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.cli.conftest import Run, Twofa, Typing
from core.cli.houses import holding, records_of
from core.moving.dumps import authenticator, device, migration, otp
from support.realm import code_at
from support.stage import Stage
from support.visitor import Visitor
from twofa_middleware.asks import AccountRow

SECRET = b"12345678901234567890"
SHORT = b"1234567890"
KEY, SHORT_KEY = base64.b32encode(SECRET).decode(), base64.b32encode(SHORT).decode()
OTHER_KEY = base64.b32encode(SECRET[::-1]).decode()
CANARY = "CANARY" * 4


def write(folder: Path, text: str, name: str = "accounts", mode: int = 0o600) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(mode)
    return name


def bring(twofa: Twofa, folder: Path, text: str, kind: str = "csv", *more: str) -> Run:
    return twofa("import", write(folder, text), "--from", kind, "--yes", *more)


def done(run: Run) -> dict[str, int]:
    return {word: number for word, number in json.loads(run.out)["accounts"].items() if number}


def account_of(stage: Stage, user: str = "erin") -> AccountRow:
    account = records_of(stage, user).account
    assert account is not None
    return account


def after_the_last_step(stage: Stage, user: str = "erin") -> Visitor:
    """The person in a new browser, at the first moment at which a code is accepted again."""
    stage.clock.now = (account_of(stage, user).last_step + 1) * 30
    return stage.visitor(user)


def code_of(secret: bytes, at: int) -> str:
    digest = hmac.digest(secret, struct.pack(">Q", at // 30), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"


# ---- whoever has it elsewhere has it here ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("csv", f"user,secret\nerin,{SHORT_KEY}\n"),
        ("csv", f"user,uri\nerin,otpauth://totp/x?secret={SHORT_KEY}\n"),
        ("django-otp", json.dumps([device("erin", key=SHORT.hex())])),
        ("allauth", json.dumps([authenticator(user="erin", secret=SHORT_KEY)])),
    ],
)
def test_a_code_of_the_same_phone_lets_in_also_with_a_secret_of_80_bits(
    twofa: Twofa, stage: Stage, folder: Path, kind: str, text: str
) -> None:
    run = bring(twofa, folder, text, kind, "--json")
    assert (run.code, done(run), run.err) == (0, {"written": 1}, "")
    visitor = after_the_last_step(stage)
    assert visitor.go("/home").status == 303
    wrong = f"{(int(code_of(SHORT, stage.clock.now)) + 1) % 1_000_000:06d}"
    assert visitor.verify(wrong).status != 303
    assert visitor.verify(code_of(SHORT, stage.clock.now)).status == 303
    assert visitor.go("/home").body == b"secret page"
    assert account_of(stage).codes == frozenset()


def test_no_code_of_this_moment_or_the_next_is_accepted(twofa: Twofa, stage: Stage, folder: Path) -> None:
    before = int(time.time())
    bring(twofa, folder, f"user,secret\nerin,{KEY}\n")
    assert account_of(stage).last_step >= before // 30 + 1
    stage.clock.now = (account_of(stage).last_step - 1) * 30
    visitor = stage.visitor("erin")
    for seconds in (0, 30):
        assert visitor.verify(code_at(KEY, stage.clock.now + seconds)).status != 303
    stage.clock.on(60)
    assert visitor.verify(code_at(KEY, stage.clock.now)).status == 303


def test_a_session_that_needed_nothing_before_must_verify(twofa: Twofa, stage: Stage, folder: Path) -> None:
    visitor = stage.visitor("erin")
    assert visitor.go("/home").body == b"secret page"
    bring(twofa, folder, f"user,secret\nerin,{KEY}\n")
    stage.clock.on(60)
    assert records_of(stage).passes == ()
    assert visitor.go("/home").status == 303


def test_who_somebody_is_and_what_was_counted_stay(twofa: Twofa, stage: Stage, folder: Path) -> None:
    stage.enforce("Cook", grace_days=3)
    stage.visitor("erin").go("/home")
    before = records_of(stage)
    bring(twofa, folder, f"user,secret,name\nerin,{KEY},Somebody Else\n")
    after = records_of(stage)
    assert after.person == before.person
    assert after.met == before.met


def test_a_name_of_the_file_is_kept_where_nobody_is_known(twofa: Twofa, stage: Stage, folder: Path) -> None:
    bring(twofa, folder, f"user,secret,name\n5,{KEY},Erin\n")
    assert [one["label"] for one in twofa("users", "--json").document["users"]] == ["Erin"]


def test_it_is_an_event_with_who_did_it(twofa: Twofa, stage: Stage, folder: Path) -> None:
    bring(twofa, folder, f"user,secret\nerin,{KEY}\n")
    (event,) = [event for event in stage.events() if event.name == "imported from elsewhere"]
    assert (event.user, event.facts["by"]) == ("erin", "csv")
    assert str(event.facts["actor"]).startswith("command line: ")


# ---- who is there already -------------------------------------------------------------------------------------------


def test_run_again_it_does_nothing(twofa: Twofa, stage: Stage, folder: Path) -> None:
    table = f"user,secret\nerin,{KEY}\nada,{SHORT_KEY}\n"
    bring(twofa, folder, table)
    before = holding(stage)
    run = bring(twofa, folder, table, "csv", "--json")
    assert (run.code, done(run)) == (0, {"there": 2})
    assert holding(stage).users == before.users


def test_an_account_is_not_overwritten_unless_it_is_asked_for(twofa: Twofa, stage: Stage, folder: Path) -> None:
    erin = stage.enrolled("erin")
    before = records_of(stage)
    run = bring(twofa, folder, f"user,secret\nerin,{KEY}\nada,{KEY}\n", "csv", "--json")
    assert (run.code, done(run)) == (1, {"written": 1, "refused": 1})
    assert run.document["refused"][0]["place"] == "line 2"
    assert records_of(stage) == before
    run = bring(twofa, folder, f"user,secret\nerin,{KEY}\n", "csv", "--replace", "--json")
    assert (run.code, done(run)) == (0, {"replaced": 1})
    assert account_of(stage).generation == before.account.generation + 1  # type: ignore[union-attr]
    assert erin.go("/home").status == 303


def test_what_was_switched_off_here_is_not_switched_on_by_an_old_secret(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    stage.enrolled("erin").confirm("disable")
    run = bring(twofa, folder, f"user,secret\nerin,{KEY}\n")
    assert run.code == 1
    assert account_of(stage).authenticators == {}


def test_a_second_account_of_the_same_user_is_refused(twofa: Twofa, stage: Stage, folder: Path) -> None:
    table = f"user,secret\nerin,{KEY}\nerin,{OTHER_KEY}\n"
    run = bring(twofa, folder, table, "csv", "--replace", "--json")
    assert (run.code, done(run)) == (1, {"written": 1, "refused": 1})
    assert run.document["refused"] == [
        {"place": "line 3", "why": "the same user had another account before in the file"}
    ]
    stage.clock.now = (account_of(stage).last_step + 1) * 30
    assert stage.visitor("erin").verify(code_at(KEY, stage.clock.now)).status == 303


# ---- what is wrong in it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "places"),
    [
        ("csv", f"user,secret\nada,{KEY}\n{CANARY},{CANARY}1\n{KEY}\n ,{KEY}\nerin,{OTHER_KEY}\n", ["line 3", "line 4", "line 5"]),
        ("csv", f"user,secret\n{KEY}{'x' * 255},{CANARY}\nada,{KEY}\nerin,{OTHER_KEY}\n", ["line 2"]),
        ("django-otp", json.dumps([device("ada"), device(key=CANARY), device(f"{CANARY}\u200b"), device("erin")]), ["record 2", "record 3"]),
        ("allauth", json.dumps([authenticator(user="ada"), authenticator(secret=CANARY + "1"), authenticator(user="erin")]), ["record 2"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", [(), ("--json",), ("--dry-run",)])
def test_a119_a_wrong_line_is_told_by_its_number_and_nothing_in_it(
    twofa: Twofa, stage: Stage, folder: Path, kind: str, text: str, places: list[str], how: Sequence[str]
) -> None:
    run = bring(twofa, folder, text, kind, *how)
    assert run.code == 1
    said = run.out + run.err
    assert all(place in said for place in places)
    for secret in (CANARY, KEY, OTHER_KEY, SECRET.hex(), SECRET.decode()):
        assert secret not in said
    brought = [] if "--dry-run" in how else ["ada", "erin"]
    assert [user for user in ("ada", "erin") if records_of(stage, user).account] == brought


def test_a_file_that_others_can_read_is_warned_of(twofa: Twofa, stage: Stage, folder: Path) -> None:
    name = write(folder, f"user,secret\nerin,{KEY}\n", mode=0o644)
    run = twofa("import", name, "--from", "csv", "--yes")
    assert run.code == 0
    assert "warning: accounts has secrets in it and is open to others (mode 644)" in run.err
    assert "warning" not in bring(twofa, folder, f"user,secret\nada,{KEY}\n").err


def test_codes_of_django_otp_are_passed_over_and_told(twofa: Twofa, stage: Stage, folder: Path) -> None:
    dump = [device("erin"), device("erin", model="otp_static.staticdevice"), device("ada", confirmed=False)]
    run = bring(twofa, folder, json.dumps(dump), "django-otp")
    assert run.code == 0
    assert "record 2: passed over: static tokens are not carried" in run.err
    assert "record 3: passed over: the device was never confirmed" in run.err
    assert "They have no recovery codes" in run.out


def test_a_file_that_breaks_off_has_its_beginning_not_brought_in_either(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    run = bring(twofa, folder, json.dumps([device("erin")])[:-1] + f', "{CANARY}', "django-otp")
    assert (run.code, run.out) == (1, "")
    assert CANARY not in run.err
    assert records_of(stage).account is None


def test_a_dry_run_changes_nothing(twofa: Twofa, stage: Stage, folder: Path) -> None:
    name = write(folder, f"user,secret\nerin,{KEY}\n")
    run = twofa("import", name, "--from", "csv", "--dry-run", "--json")
    assert (run.code, done(run), run.document["dry_run"]) == (0, {"written": 1}, True)
    assert holding(stage).users == {}


# ---- whose it is ----------------------------------------------------------------------------------------------------


def test_a_phone_needs_to_be_told_whose_its_accounts_are(twofa: Twofa, stage: Stage, folder: Path) -> None:
    text = migration(otp(SHORT, b"erin@example.org", b"Shop"), otp(SECRET, b"erin", b"Bank"))
    assert bring(twofa, folder, text, "otpauth-migration").code == 2
    run = bring(twofa, folder, text, "otpauth-migration", "--user", "erin")
    assert run.code == 1
    assert "2 accounts" in run.err
    assert records_of(stage).account is None
    run = bring(twofa, folder, text, "otpauth-migration", "--user", "erin", "--issuer", "Shop", "--json")
    assert (run.code, done(run)) == (0, {"written": 1})
    visitor = after_the_last_step(stage)
    assert visitor.verify(code_of(SHORT, stage.clock.now)).status == 303


def test_a_map_says_whose_each_account_is(twofa: Twofa, stage: Stage, folder: Path) -> None:
    text = migration(otp(name=b"erin@example.org"), otp(name=b"ada@example.org"), otp(name=b"wendy@example.org"))
    write(folder, "name,user\nerin@example.org,erin\nada@example.org,ada\n", "map")
    run = bring(twofa, folder, text, "otpauth-migration", "--map", "map", "--json")
    assert (run.code, done(run)) == (1, {"written": 2, "refused": 1})
    assert run.document["refused"][0]["place"] == "line 1, account 3"
    assert records_of(stage, "ada").account is not None


def test_a_map_serves_any_format(twofa: Twofa, stage: Stage, folder: Path) -> None:
    write(folder, "name,user\n17,erin\n", "map")
    run = bring(twofa, folder, json.dumps([device(17), device(18)]), "django-otp", "--map", "map", "--json")
    assert done(run) == {"written": 1, "refused": 1}
    assert records_of(stage, "erin").account is not None


def test_with_a_directory_only_people_whom_it_knows_are_brought_in(twofa: Twofa, listed: Stage, folder: Path) -> None:
    run = bring(twofa, folder, f"user,secret\nerin,{KEY}\nmallory,{KEY}\n", "csv", "--json")
    assert (run.code, done(run)) == (1, {"written": 1, "refused": 1})
    assert "directory knows nobody" in run.document["refused"][0]["why"]
    assert records_of(listed, "mallory").account is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "csv", "--user", "erin"), ("--from", "csv", "--issuer", "Shop"), ("--user", "erin"), ("--map", "accounts"),
        ("--from", "otpauth-migration", "--user", "erin", "--map", "accounts"),
        ("--from", "csv", "--passphrase-file", "accounts"), ("--from", "authy"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_wrong_usage(
    twofa: Twofa, stage: Stage, folder: Path, arguments: Sequence[str]
) -> None:
    name = write(folder, f"user,secret\nerin,{KEY}\n")
    assert twofa("import", name, "--yes", *arguments).code == 2
    assert holding(stage).users == {}


def test_it_is_asked_for_at_a_terminal(typing: Typing, twofa: Twofa, stage: Stage, folder: Path) -> None:
    name = write(folder, f"user,secret\nerin,{KEY}\n")
    assert twofa("import", name, "--from", "csv").code == 2
    asked = typing("n\n")("import", name, "--from", "csv")
    assert (asked.code, asked.err) == (1, "twofa: nothing was changed\n")
    assert "for 1 account?" in asked.out
    assert typing("y\n")("import", name, "--from", "csv").code == 0
    assert records_of(stage).account is not None


def test_where_another_factor_makes_the_codes_nobody_is_brought_in(twofa: Twofa, stage: Stage) -> None:
    (stage.realm.folder / "twofa.d").mkdir()
    (stage.realm.folder / "twofa.d" / "10-x.toml").write_text('factor = { use = "token" }\n')
    run = bring(twofa, stage.realm.folder, f"user,secret\nerin,{KEY}\n")
    assert run.code == 2
    assert 'twofa.d/10-x.toml: factor: accounts of other systems have codes of the factor "totp"' in run.err
    assert records_of(stage, "erin").account is None
