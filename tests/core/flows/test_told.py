"""Of every flow: what is told is just what the store has written, after it has answered, and no secret is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from core.flows.administering import ADA, CODED, DESK, PERSON, overview, reset_row
from core.flows.enforcing import NO_FLAGS
from core.flows.people import (
    CODES,
    ERIN,
    GENERATION,
    NOW,
    SECRET,
    SITE,
    USER,
    account_row,
    attempt,
    code,
    disabled_row,
    pass_of,
    request,
    wrong_code,
)
from core.flows.proving import RIGHT, RIGHT_RECOVERY, trying
from core.flows.setting_up import FLOW, NOBODY, TAKEN, confirming, setup_row
from core.flows.setting_up import RIGHT as SET_UP
from core.flows.stepping import Stepped, step
from core.flows.written import left
from twofa_middleware.accounts import administer, change
from twofa_middleware.accounts.account import open_account
from twofa_middleware.accounts.attempts import RecoveryCode, TotpCode
from twofa_middleware.accounts.enrol import begin
from twofa_middleware.accounts.passes import Method, end_pass
from twofa_middleware.accounts.unprompted import Opening, open_unprompted
from twofa_middleware.asks import (
    REALM,
    Absent,
    Attempt,
    BeginSetup,
    Begun,
    Done,
    Emit,
    EndPass,
    EndPasses,
    Moved,
    Note,
    OpenPass,
    Random,
    ReadSetup,
    ResetAccount,
    SpendCode,
    SpendStep,
    Spent,
    SpentBefore,
    Stopped,
    TakeAttempt,
    TakeRecoveryAttempt,
    TurnOn,
    Unlock,
    Waiting,
    WriteRole,
)
from twofa_middleware.protocol import Flow, UserKey


@dataclass(frozen=True)
class Case:
    """A flow that is made anew for each test, what it is answered, and in whose log its events lie."""

    make: Callable[[], Flow[Any]]
    script: tuple[Any, ...]
    events: list[str]
    owner: UserKey = USER

    def stepped(self) -> Stepped[Any]:
        return step(self.make(), *self.script)


def taken(row: Any = None) -> tuple[Any, Attempt]:
    return TakeAttempt, attempt(row or account_row())


def tried(text: str, *script: Any, events: list[str], remember: bool = False) -> Case:
    proof = TotpCode(text) if len(text) == 6 else RecoveryCode(text)
    return Case(lambda: trying(proof, remember=remember), script, events)


def opening(method: Method, reply: Any, *events: str) -> Case:
    opens = Opening(ERIN, method, GENERATION, None, b"old", frozenset({"Manager"}))
    return Case(lambda: open_unprompted(SITE, opens, NOW), ((OpenPass, reply),), list(events))


def enforcing(*script: Any, events: list[str], is_enforced: bool = True) -> Case:
    def flow() -> Flow[Any]:
        return administer.enforce(DESK, ADA, "Clerk", 0, is_enforced=is_enforced, grace_days=3, now=NOW)

    return Case(flow, (NO_FLAGS, *script), events, REALM)


RESET, RESET_CODE = reset_row()
RESET_SETUP = (TakeAttempt, attempt(RESET, setup_row(account=open_account(SITE.sealer, USER, RESET))))
LAST = (TakeRecoveryAttempt, attempt(account_row(codes=CODES[:4])))
ON = overview(account_row())

CASES = {
    "right code": tried(code(), *RIGHT, events=["code accepted"]),
    "right code, browser": tried(code(), *RIGHT, events=["code accepted", "browser remembered"], remember=True),
    "wrong code": tried(wrong_code(), taken(), events=["code wrong"]),
    "used code": tried(code(), taken(), (SpendStep, SpentBefore()), events=["code used before"]),
    "moved": tried(code(), taken(), (SpendStep, Moved()), events=["code refused, account changed"]),
    "no phone": tried(code(), taken(disabled_row()), events=["code wrong"]),
    "waiting": tried(code(), (TakeAttempt, Waiting(NOW + 30)), events=["code refused while waiting"]),
    "stopped": tried(code(), (TakeAttempt, Stopped()), events=["code refused, stopped"]),
    "recovery": tried(CODES[0], *RIGHT_RECOVERY, events=["code accepted"]),
    "few codes": tried(CODES[0], LAST, (SpendCode, Spent(3)), events=["code accepted", "recovery codes low"]),
    "wrong recovery": tried("0000-0000-0000-0000", RIGHT_RECOVERY[0], events=["code wrong"]),
    "used recovery": tried(CODES[0], RIGHT_RECOVERY[0], (SpendCode, SpentBefore()), events=["code used before"]),
    "disable": Case(
        lambda: change.disable(SITE, ERIN, TotpCode(code()), request(), b"old"),
        (NO_FLAGS, *RIGHT),
        ["code accepted", "disabled by the user"],
    ),
    "renew codes": Case(
        lambda: change.renew_codes(SITE, ERIN, RecoveryCode(CODES[0]), request(), b"old"),
        (RIGHT_RECOVERY[0], (SpendCode, Spent(10))),
        ["code accepted", "recovery codes renewed"],
    ),
    "set-up begun": Case(
        lambda: begin(SITE, ERIN, NOBODY, FLOW, NOW),
        ((ReadSetup, None), (BeginSetup, Begun(setup_row(), True))),
        ["set-up begun"],
    ),
    "set-up found": Case(
        lambda: begin(SITE, ERIN, NOBODY, FLOW, NOW), ((ReadSetup, None), (BeginSetup, Begun(setup_row(), False))), []
    ),
    "set up": Case(lambda: confirming(code()), SET_UP, ["enrolled"]),
    "set up, wrong": Case(lambda: confirming(wrong_code()), (TAKEN,), ["set-up code wrong"]),
    "set up, expired": Case(lambda: confirming(code()), ((TakeAttempt, attempt()),), ["set-up code wrong"]),
    "set up, moved": Case(lambda: confirming(code()), (TAKEN, (TurnOn, Moved())), ["code refused, account changed"]),
    "set up again": Case(lambda: confirming(code(), reset=RESET_CODE), (RESET_SETUP, SET_UP[1]), ["enrolled"]),
    "wrong reset": Case(
        lambda: confirming(code(), reset="0"), (RESET_SETUP, (Note, Done())), ["set-up reset code wrong"]
    ),
    "browser used": opening(Method.REMEMBERED, Done(), "remembered browser used"),
    "put off": opening(Method.PUT_OFF, Done(), "set-up put off"),
    "put off, moved": opening(Method.PUT_OFF, Moved()),
    "needed nothing": opening(Method.NONE, Done()),
    "pass ended": Case(
        lambda: end_pass(SITE, pass_of(Method.TOTP)[1], NOW, "log-out"), ((EndPass, Done()),), ["pass ended"]
    ),
    "no pass": Case(lambda: end_pass(SITE, pass_of(Method.TOTP)[1], NOW, "log-out"), ((EndPass, Absent()),), []),
    "reset": Case(
        lambda: administer.disable(CODED, ADA, ON, "lost", NOW),
        ((ResetAccount, Done()),),
        ["disabled by an administrator"],
    ),
    "reset, moved": Case(lambda: administer.disable(CODED, ADA, ON, "lost", NOW), ((ResetAccount, Moved()),), []),
    "unlock": Case(
        lambda: administer.unlock(DESK, ADA, PERSON, "", NOW), ((Unlock, Done()),), ["unlocked by an administrator"]
    ),
    "forget": Case(
        lambda: administer.forget(DESK, ADA, PERSON, "", NOW),
        ((EndPasses, Done()),),
        ["ended by an administrator"],
    ),
    "enforce": enforcing((WriteRole, Done()), events=["role enforced"]),
    "no longer": enforcing((WriteRole, Done()), events=["role no longer enforced"], is_enforced=False),
    "enforce, moved": enforcing((WriteRole, Moved()), events=[]),
}
every_flow = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every_flow
def test_what_is_told_is_just_what_the_store_has_in_the_end(case: Case) -> None:
    done = case.stepped()
    told = [ask.event for ask in done.asked if isinstance(ask, Emit)]
    assert [event.name for event in told] == case.events
    assert told == left(done, case.owner)


@every_flow
def test_what_the_store_has_is_marked_as_kept_and_told_each_time(case: Case) -> None:
    told = [ask for ask in case.stepped().asked if isinstance(ask, Emit)]
    assert all(ask.is_kept and ask.once_a_day is None for ask in told)


@every_flow
def test_nothing_is_told_before_the_store_has_answered_the_last_change_with_notes(case: Case) -> None:
    asked = case.stepped().asked
    noted = [place for place, ask in enumerate(asked) if getattr(ask, "notes", None) is not None]
    told = [place for place, ask in enumerate(asked) if isinstance(ask, Emit)]
    assert noted
    assert all(place > noted[-1] for place in told)


@every_flow
def test_no_two_rows_share_the_random_bytes_that_seal_them(case: Case) -> None:
    done = case.stepped()
    notes = [ask.notes for ask in done.asked if getattr(ask, "notes", None) is not None]  # type: ignore[attr-defined]
    nonces = [row.record[5:17] for written in notes for rows in written.rows.values() for row in rows]
    nonces += [record[5:17] for written in notes for record in (written.person, written.roles) if record]
    made = b"".join(reply for ask, reply in zip(done.asked, done.replies, strict=True) if isinstance(ask, Random))
    assert len(set(nonces)) == len(nonces)
    assert all(nonce in made for nonce in nonces)


@every_flow
def test_a119_no_event_holds_a_secret_and_no_record_a_name_in_clear(case: Case) -> None:
    done = case.stepped()
    told = repr([(event.facts, event.label) for event in left(done, case.owner)])
    made = {*getattr(getattr(done.result, "prepared", None), "codes", ()), getattr(done.result, "code", "")} - {""}
    assert not any(secret in told for secret in {code(), wrong_code(), SECRET.decode(), RESET_CODE, *CODES} | made)
    for ask in done.asked:
        notes = getattr(ask, "notes", None)
        if notes is not None:
            records = [row.record for rows in notes.rows.values() for row in rows]
            clear = b"".join([*records, notes.person or b"", notes.roles or b""])
            assert not any(word in clear for word in (b"erin", b"code", b"set-up", b"ada", b"Manager", b"Clerk"))
