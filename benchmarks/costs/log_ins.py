"""What a log-in asks of the store: people walk through the gate, and the server tells by ``MONITOR`` what it was asked.

What was asked by the thread behind the requests is in it: the event of a code that was accepted, and the carrying of it.
What a process asks by the clock, whether or not anybody comes, is told apart.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

from itsdangerous import URLSafeTimedSerializer

from code_check import Person, enrolled
from twofa_middleware.asks import LogRow, Note, Notes, Sweep
from twofa_middleware.courier.rounds import SWEEP_USERS
from twofa_middleware.factors.totp import STEP_SECONDS, code_at, step_at
from twofa_middleware.stores.redis_scripts import script_of

from .browser import HOST
from .cases import SECRET
from .raw_redis import Server, command, say
from .realm import Realm
from .wsgi_apps import wrapped

SETTLE_SECONDS = 3.0
"""So long the thread behind the requests may take."""
BY_THE_CLOCK = frozenset(
    {"ReadDirty", "ReadLog", "Unmark", "ReadMark", "TakeLease", "MoveMark", "AddCounts", "ReadRoles", "TakeFence"}
)
"""What processes ask once a second or less, and not more for more log-ins; the first three ask who carries events."""
NAVIGATION = {
    "Accept": "text/html",
    "Origin": f"http://{HOST}",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
}


@dataclass(frozen=True)
class Walked:
    """Of each of many who did the same: questions by name; pushes, their keys and bytes; microseconds of the server's CPU
    without ``MONITOR``, for one after the other and with one listener."""

    name: str
    questions: dict[str, float]
    pushes: float
    keys: float
    bytes: float
    cpu: float

    @property
    def in_all(self) -> float:
        return sum(self.questions.values())


def walked(realm: Realm, url: str, people: int) -> list[Walked]:
    """All walks, each twice by as many people: once for the questions, and once for the CPU."""
    with closing(realm.runtime()) as runtime:
        known = [enrolled(runtime, f"ann{number}", int(time.time()) - 4 * STEP_SECONDS) for number in range(2 * people)]
    gate = wrapped(_app, "ours", str(realm.file))
    found = []
    try:
        once, again = _walks(gate, known[:people]), _walks(gate, known[people:])
        server = Server(url)
        with closing(server):
            for (name, first), (_, second) in zip(once, again, strict=True):
                questions, pushes, keys, size = _watched(server, realm.settings.realm, first)
                idle = _cpu_of(server, lambda: None)
                cpu = (_cpu_of(server, partial(_do_all, second)) - idle) / people
                mean = {what: count / people for what, count in questions.items() if what not in BY_THE_CLOCK}
                found.append(Walked(name, mean, pushes / people, keys / people, size / people, cpu))
    finally:
        gate.runtime.close()
    return found


Walk = Callable[[], Any]


def _cpu_of(server: Server, does: Walk) -> float:
    began = server.cpu_microseconds()
    does()
    time.sleep(SETTLE_SECONDS)
    return server.cpu_microseconds() - began


def _do_all(walks: list[Walk]) -> None:
    for walk in walks:
        walk()


def carried_a_second(realm: Realm, people: int) -> float:
    """How many users' logs, of one event each, one process carries to the realm's list in a second, by the clock."""
    now = int(time.time())
    event = LogRow(os.urandom(12), now, now, os.urandom(120))
    with closing(realm.runtime()) as runtime:
        for number in range(people):
            user = runtime.gate.site.sealer.user_key(f"carried {number}")
            runtime.answer(Note(user, now, Notes({"done": (event,)})))
        began = time.perf_counter()
        while not runtime.answer(Sweep(now, SWEEP_USERS)).is_done:
            pass
        return people / (time.perf_counter() - began)


def _walks(gate: Any, people: Sequence[Person]) -> list[tuple[str, list[Walk]]]:
    from werkzeug.test import Client

    browsers = [Client(gate) for _ in people]
    both = list(zip(browsers, people, strict=True))
    nobodys = [(Client(gate), f"bob of {person.user}") for person in people]
    return [
        ("a log-in with a code", [partial(_by_code, b, p) for b, p in both]),
        ("a log-out", [partial(_get, b, "/logout") for b in browsers]),
        ("a log-in in a remembered browser", [partial(_logs_in, b, p.user) for b, p in both]),
        ("a log-in of somebody who needs none", [partial(_logs_in, b, user) for b, user in nobodys]),
    ]


def _by_code(browser: Any, person: Person) -> None:
    """The log-in, the prompt, the form, and the page behind it."""
    browser.post("/login", base_url=f"http://{HOST}", headers=NAVIGATION, data={"user": person.user})
    _get(browser, "/page")
    page = _get(browser, "/2fa/verify?next=/page").get_data(as_text=True)
    token = re.search(r'name="token" value="([^"]+)"', page)
    if token is None:
        raise RuntimeError("there is no prompt")
    form = {
        "token": token[1],
        "code": code_at(person.secret, step_at(int(time.time()))),
        "next": "/page",
        "remember": "1",
    }
    browser.post("/2fa/verify", base_url=f"http://{HOST}", headers=NAVIGATION, data=form)
    _reaches_the_app(browser)


def _logs_in(browser: Any, user: str) -> None:
    browser.post("/login", base_url=f"http://{HOST}", headers=NAVIGATION, data={"user": user})
    _reaches_the_app(browser)


def _reaches_the_app(browser: Any) -> None:
    if _get(browser, "/page").status_code != 200:
        raise RuntimeError("somebody who has logged in does not reach the app")


def _get(browser: Any, path: str) -> Any:
    return browser.get(path, base_url=f"http://{HOST}", headers=NAVIGATION)


def _app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Logs in whom the form names, each time with another session."""
    from werkzeug.wrappers import Request, Response

    request = Request(environ)
    answer = Response("<h1>Orders</h1>", content_type="text/html")
    if request.path == "/login":
        signer = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
        sealer = URLSafeTimedSerializer(SECRET, salt="cookie-session", signer_kwargs=signer)
        facts = {"user": request.form["user"], "login": f"{time.monotonic_ns()}"}
        answer = Response("", 302, {"Location": "/page"})
        answer.headers.add("Set-Cookie", f"session={sealer.dumps(facts)!s}; Path=/; HttpOnly")
    elif request.path == "/logout":
        answer = Response("", 302, {"Location": "/login"})
        answer.headers.add("Set-Cookie", "session=; Path=/; Max-Age=0")
    return answer(environ, start_response)


def _watched(server: Server, realm: str, walks: list[Walk]) -> tuple[Counter[str], int, int, int]:
    names, asked, heard = _names(), Counter[str](), bytearray()
    listener = (("HELLO", "3"), ("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", f"2fa:{realm}:{{"))
    with server.connections(1) as (monitor,), server.connections(1, *listener) as (pushed,):
        say(monitor, "MONITOR")

        def hear() -> None:
            while data := pushed.recv(1 << 16):
                heard.extend(data)

        def read() -> None:
            with monitor.makefile("rb") as lines:
                for line in lines:
                    said = re.search(rb'\d \[\d+ (\S+)\] "(?i:evalsha)" "((?:[^"\\]|\\.)*)"', line)
                    if said and said[1] != b"lua":
                        asked[names[said[2].decode()]] += 1

        threads = [threading.Thread(target=one, daemon=True) for one in (hear, read)]
        pushed.settimeout(None)
        monitor.settimeout(None)
        for thread in threads:
            thread.start()
        _do_all(walks)
        time.sleep(SETTLE_SECONDS)
        pushed.sendall(command("QUIT"))
        monitor.sendall(command("QUIT"))
        for thread in threads:
            thread.join()
    told = bytes(heard).removesuffix(b"+OK\r\n")
    return asked, told.count(b"invalidate"), told.count(b"\r\n2fa:"), len(told)


def _names() -> dict[str, str]:
    """Of each script by its hash; those of ``lua/`` that are asked for."""
    found = {}
    for file in files("twofa_middleware.stores").joinpath("lua").iterdir():
        name = "".join(part.title() for part in file.name.removesuffix(".lua").split("_"))
        try:
            found[script_of(name).sha] = name
        except (LookupError, OSError):
            continue  # a piece of others
    return found
