"""`examples/run.py` and `examples/phone.py`: what the README promises of them."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest

from e2e.api import tasks, token_of
from e2e.portals import ROOT, Demo, launch, new_person
from portal_people import DEMO_PASSWORDS

Launch = Callable[..., Demo]
PHONE = ROOT / "examples" / "phone.py"
KEY = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Launch]:
    """Start the demo over one folder, as often as wanted."""
    started: list[Demo] = []

    def launched(**environ: str) -> Demo:
        started.append(launch(tmp_path, **environ))
        return started[-1]

    yield launched
    for demo in started:
        if demo.process.poll() is None:
            demo.end()


def refused(demo: Demo) -> str:
    """The line with which it ended at once."""
    assert demo.process.wait(15) == 2
    lines = demo.said.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def is_served(origin: str) -> bool:
    try:
        with urllib.request.urlopen(origin, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def children_of(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """Command line → process id of what a process has started."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(parent) == process.pid:
            found[command] = int(folder.name)
    return found


def test_it_says_where_the_portals_are_who_may_log_in_and_what_to_try(demo: Demo) -> None:
    lines = demo.said.splitlines()
    assert any(line.startswith("Produce") and line.endswith(f"{demo.produce}/produce/") for line in lines)
    assert any(line.startswith("Manage") and line.endswith(f"{demo.manage}/manage/") for line in lines)
    for name, password in DEMO_PASSWORDS.items():
        assert f"{name}  password: {password}" in lines
    assert re.search(r"^  curl -H 'Authorization: Bearer \S{43}' 'http://localhost:\d+/\S+'$", demo.said, re.MULTILINE)
    assert 3 <= sum(line.startswith("- ") for line in lines) <= 6
    assert "phone.py KEY" in demo.said
    assert is_served(f"{demo.produce}/produce/login")
    assert is_served(f"{demo.manage}/manage/login")


def test_a_second_start_keeps_the_data_and_shows_no_secret_to_others(run: Launch) -> None:
    first = run()
    first.wait_until_ready()
    kept = {path.name: path.read_bytes() for path in first.var.iterdir() if path.suffix in (".secret", ".toml")}
    assert set(kept) == {"produce.secret", "manage.secret", "keys.toml"}
    person = new_person(first)
    assert all(stat.S_IMODE((first.var / name).stat().st_mode) == 0o600 for name in (*kept, "twofa.db", "twofa.env"))
    assert first.end() == 0
    second = run()
    second.wait_until_ready()
    assert tasks(second, token_of(second, person))[0] == 200
    assert {name: (second.var / name).read_bytes() for name in kept} == kept
    assert "Traceback" not in first.said + second.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_both_portals_with_itself(run: Launch, number: int) -> None:
    demo = run()
    demo.wait_until_ready()
    before = demo.said
    if number == signal.SIGINT:
        os.killpg(demo.process.pid, number)  # as a terminal does it
        assert demo.process.wait(15) == 0
    else:
        assert demo.end(number) == 0
    assert demo.said == before
    assert not is_served(f"{demo.produce}/produce/login")
    assert not is_served(f"{demo.manage}/manage/login")


def test_ctrl_c_during_the_start_is_no_fault(run: Launch) -> None:
    demo = run()
    until = time.monotonic() + 15
    while not children_of(demo.process):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert demo.end(signal.SIGINT) == 0
    assert demo.said == ""


def test_a_portal_that_dies_takes_the_other_one_with_it(run: Launch) -> None:
    demo = run()
    demo.wait_until_ready()
    [waitress] = [number for command, number in children_of(demo.process).items() if "waitress" in command]
    os.kill(waitress, signal.SIGKILL)
    assert demo.process.wait(15) == 1
    assert demo.said.splitlines()[-1] == "run.py: produce has ended (exit code -9)"
    assert not is_served(f"{demo.manage}/manage/login")


@pytest.mark.parametrize("variable", ["PRODUCE_PORT", "MANAGE_PORT"])
def test_a_port_that_is_taken_is_said_in_one_line(run: Launch, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        demo = run(**{variable: str(number)})
        assert refused(demo) == f"run.py: port {number}: Address already in use; choose another one by {variable}"


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PRODUCE_PORT", "eighty", "is no port: give a number from 1 to 65535"),
        ("MANAGE_PORT", "65536", "is no port: give a number from 1 to 65535"),
        ("BIND", "0.0.0.0", "it is served on 127.0.0.1 only"),
        ("BIND", "::", "it is served on 127.0.0.1 only"),
        ("STORE", "postgres", "give sqlite, redis, or an address redis://… or unix://…"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run: Launch, variable: str, value: str, remedy: str) -> None:
    demo = run(**{variable: value})
    line = refused(demo)
    assert line.startswith(f"run.py: {variable}={value}")
    assert line.endswith(remedy)
    assert not demo.var.exists()


def test_the_demo_runs_on_a_redis_of_its_own_and_finds_what_it_held(run: Launch) -> None:
    for _ in range(2):
        demo = run(STORE="redis")
        demo.wait_until_ready()
        [server] = [number for command, number in children_of(demo.process).items() if "unixsocket" in command]
        assert demo.end() == 0
        with pytest.raises(ProcessLookupError):
            os.kill(server, 0)
        assert not (demo.var / "twofa.db").exists()
        log = b"".join(path.read_bytes() for path in (demo.var / "appendonlydir").iterdir())
        assert log.count(b"2fa:demo:id") == 1  # made by the first, found by the second


def phone(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PHONE), *words], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("words", [KEY.split(), [KEY], [KEY.replace(" ", "").lower()]])
def test_the_phone_shows_the_code_and_how_long_it_lasts(words: list[str]) -> None:
    before = int(time.time()) // 30
    shown = phone(*words)
    found = re.fullmatch(r"(\d{6})  \((\d+) seconds left\)\n", shown.stdout)
    assert found is not None, shown
    otp = pyotp.TOTP(KEY.replace(" ", ""))
    assert found[1] in {otp.generate_otp(step) for step in (before, before + 1)}
    assert 1 <= int(found[2]) <= 30


@pytest.mark.parametrize("words", [[], ["KEY"], ["JBSW", "1234"]])
def test_the_phone_says_what_it_needs(words: list[str]) -> None:
    shown = phone(*words)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith("phone.py: give it the key that the set-up page shows")
    assert shown.stderr.count("\n") == 1
