"""What it costs to check a code: ``python benchmarks/code_check.py [url]`` prints microseconds of CPU.

A form of the prompt is sent, in process, by people who have an authenticator: with a right code, which is spent and opens
a pass, then with a wrong one, which is answered by the prompt again. What the store does for it stands apart, as does
what is left for the thread behind, which writes the events. SQLite, unless the URL of a Redis is given.

Each number is the median of many forms. ``gate`` is the whole form: who is logged in, its token, the check, the events, the
page or the cookies. ``check`` is a part of it: from the answer of the store that the attempt is counted to the question
that spends the code. ``factors`` is a part of that, a hundred times in a row: opening the secret, making all codes that
are looked at, comparing.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import process_time_ns, thread_time_ns
from typing import Any
from urllib.parse import urlencode

from costs.cases import NAME
from costs.realm import make_realm, session_cookie
from twofa_middleware.accounts.account import BIRTH_BYTES, TOTP, changed, new_generation, open_account
from twofa_middleware.asks import AccountRow, ReadBody, Records, SpendStep, StoreAsk, WriteRecords
from twofa_middleware.browser import tokens
from twofa_middleware.browser.cookies import TOKEN_BYTES, token
from twofa_middleware.drive import drive
from twofa_middleware.factors import recovery
from twofa_middleware.factors.totp import STEP_SECONDS, code_at, step_at
from twofa_middleware.http import Answer, Request
from twofa_middleware.protocol import Ask
from twofa_middleware.runtime import Runtime
from twofa_middleware.sealing import NONCE_BYTES

PEOPLE = 40
FORMS = 8
"""Right codes of each, and as many wrong ones in between: a right one clears what the wrong one has begun."""
WARM_UP = 1


@dataclass
class Person:
    """``row``: the account as it was written; ``at``: when the next form comes, seconds since 1970; ``codes``: those for
    recovery."""

    user: str
    cookie: str
    secret: bytes
    row: AccountRow
    at: int
    codes: tuple[str, ...]


@dataclass
class Cost:
    """Microseconds of CPU, one of each form."""

    gate: list[float] = field(default_factory=list)
    check: list[float] = field(default_factory=list)
    store: list[float] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)


def enrolled(runtime: Runtime, user: str, now: int) -> Person:
    site, secret = runtime.gate.site, secrets.token_bytes(20)
    key, name, generation = site.sealer.user_key(user), secrets.token_hex(4), new_generation(0, os.urandom(BIRTH_BYTES))
    sealed = site.sealer.seal(TOTP, (key, name), secret, os.urandom(NONCE_BYTES))
    texts = recovery.from_random(os.urandom(recovery.CODES * recovery.CODE_BYTES))
    codes = frozenset(recovery.keyed_hash(site.sealer, key, text.replace("-", "")) for text in texts)
    change = changed(site.sealer, key, generation, since=now, kinds={name: TOTP}, sealed={name: sealed}, codes=codes)
    row = AccountRow(generation, step_at(now), change.roster, change.authenticators, change.codes)
    runtime.answer(WriteRecords(key, 0, Records(account=row), now))
    return Person(user, session_cookie(user, now), secret, row, now + 2 * STEP_SECONDS, tuple(texts))


def form(runtime: Runtime, person: Person, code: str) -> tuple[Request, bytes]:
    return form_with(runtime, person, code=code)


def form_with(runtime: Runtime, person: Person, **fields: str) -> tuple[Request, bytes]:
    """The prompt's form with a right token, unless there is another among the fields."""
    site, flow = runtime.gate.site, token(os.urandom(TOKEN_BYTES))
    drawn = tokens.write(site.sealer, "verify", flow, NAME, person.user, person.at)
    body = urlencode({"token": drawn, "next": "/page"} | fields).encode()
    cookie = f"{person.cookie}; {site.cookies.flow.decode()}={flow.decode()}".encode()
    headers = (
        (b"host", b"localhost:8000"),
        (b"cookie", cookie),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", str(len(body)).encode()),
        (b"origin", b"http://localhost:8000"),
        (b"sec-fetch-site", b"same-origin"),
        (b"sec-fetch-mode", b"navigate"),
    )
    return Request("http", "POST", "", "/2fa/verify", b"/2fa/verify", b"", headers, {}, person.at), body


def send(runtime: Runtime, person: Person, code: str, cost: Cost) -> Answer:
    """Send the form and write down what it has cost in this thread."""
    request, body = form(runtime, person, code)
    in_store = questions = counted = 0

    def answer(ask: Ask[Any]) -> Any:
        nonlocal in_store, questions, counted
        if isinstance(ask, ReadBody):
            return body
        if not isinstance(ask, StoreAsk):
            return runtime.answer(ask)
        began = thread_time_ns()
        if isinstance(ask, SpendStep):
            cost.check.append((began - counted) / 1000)
        reply = runtime.answer(ask)
        counted = thread_time_ns()
        in_store += counted - began
        questions += 1
        return reply

    began = thread_time_ns()
    outcome = drive(runtime.gate.admit(request), answer)
    took = thread_time_ns() - began
    if not isinstance(outcome, Answer):
        raise RuntimeError("a form of the prompt went to the app")
    cost.gate.append((took - in_store) / 1000)
    cost.store.append(in_store / 1000)
    cost.questions.append(questions)
    return outcome


def factors(runtime: Runtime, person: Person) -> float:
    """Microseconds of CPU to open the secret and to look for a code that belongs nowhere."""
    site = runtime.gate.site
    key = site.sealer.user_key(person.user)
    took = []
    for _ in range(100):
        account = open_account(site.sealer, key, person.row)
        began = thread_time_ns()
        found = account.authenticator(site.sealer)
        if found is None:
            raise RuntimeError("the account has no authenticator")
        site.factor.find(found[1], "000000", person.at, site.window)
        took.append((thread_time_ns() - began) / 1000)
    return median(took)


def wrong_code(person: Person) -> str:
    near = {code_at(person.secret, step_at(person.at) + away) for away in range(-30, 31)}
    return next(code for code in ("000000", *(f"{n:06}" for n in range(1, 99))) if code not in near)


def measure(runtime: Runtime) -> None:
    now = int(time.time())
    people = [enrolled(runtime, f"u{number}", now) for number in range(PEOPLE)]
    right, wrong = Cost(), Cost()
    all_began, all_forms = 0, 0
    for turn in range(WARM_UP + FORMS):
        if turn == WARM_UP:
            right, wrong, all_began, all_forms = Cost(), Cost(), process_time_ns(), 0
        for person in people:
            if send(runtime, person, wrong_code(person), wrong).status == 303:
                raise RuntimeError("a wrong code was taken")
            person.at += STEP_SECONDS
            if send(runtime, person, code_at(person.secret, step_at(person.at)), right).status != 303:
                raise RuntimeError("a right code was refused")
            person.at += STEP_SECONDS
            all_forms += 2
    whole = (process_time_ns() - all_began) / 1000 / all_forms
    print(f"  factors               {factors(runtime, people[0]):6.0f} µs")
    print(f"  right code   check    {median(right.check):6.0f} µs")
    for name, cost in (("right code", right), ("wrong code", wrong)):
        print(
            f"  {name:12} gate     {median(cost.gate):6.0f} µs; store {median(cost.store):6.0f} µs in "
            f"{median(cost.questions):.0f} questions"
        )
    print(f"  the whole process, of a form, with how it was filled in here: {whole:6.0f} µs")


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        realm = make_realm(Path(folder) / "realm", url)
        with closing(realm.runtime()) as runtime:
            print(f"store {realm.settings.store.scheme}:")
            measure(runtime)


if __name__ == "__main__":
    main()
