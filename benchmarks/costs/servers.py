"""Real servers with one worker each, and what they take: CPU and memory of their processes, by /proc."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SERVES = "BENCH_SERVES"
START_SECONDS = 30
HERE = Path(__file__).parent.parent
APP = "costs.served:application"
COMMANDS = {
    "uvicorn": f"uvicorn {APP} --port {{port}} --no-access-log --log-level warning --lifespan off",
    "granian": f"granian {APP} --interface asgi --port {{port}} --workers 1 --no-ws --log-level warning",
    "gunicorn gthread": f"gunicorn {APP} --bind 127.0.0.1:{{port}} --worker-class gthread --workers 1 --threads 4 "
    "--keep-alive 60 --log-level warning",
    "waitress": f"waitress --port={{port}} --host=127.0.0.1 --threads=4 {APP}",
}
"""What each is started with, after ``python -m``."""
KEPT_CONNECTIONS = {"uvicorn": 16, "granian": 16, "gunicorn gthread": 4, "waitress": 4}
"""So many requests are under way at a time: as many as there are threads, where one takes a thread."""


@dataclass(frozen=True)
class Server:
    port: int
    process: int

    def processes(self) -> list[int]:
        """The process that was started, and all below it."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue  # it has just ended
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
        found = [self.process]
        for process in found:
            found += parents.get(process, [])
        return found

    def cpu_seconds(self) -> float:
        """User and system time so far, of every thread there is."""
        seconds = 0.0
        for process in self.processes():
            for task in Path(f"/proc/{process}/task").glob("*"):
                with suppress(OSError):  # it has just ended
                    seconds += _ran(task)
        return seconds

    def resident_bytes(self) -> int:
        """Of the largest of its processes, which is the worker."""
        page = os.sysconf("SC_PAGE_SIZE")
        return max(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * page for one in self.processes())


def _ran(task: Path) -> float:
    """Most kernels tell it in nanoseconds; utime and stime have hundredths of a second."""
    with suppress(FileNotFoundError):
        return int((task / "schedstat").read_text().split()[0]) / 1e9
    fields = (task / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(server: str, serves: str, folder: Path, cores: set[int]) -> Iterator[Server]:
    """A server, not waited for yet; ``serves`` is what ``served`` reads, ``cores`` are those that it may run on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {SERVES: serves, "PYTHONPATH": str(HERE)}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[server].format(port=port).split()],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        os.sched_setaffinity(process.pid, cores)
        try:
            yield Server(port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(server: Server, folder: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        except OSError:
            if time.monotonic() > until:
                log = (folder / f"{server.port}.log").read_text()
                raise RuntimeError(f"a server did not start:\n{log}") from None
            time.sleep(0.05)
        else:
            return


def shared_cores() -> tuple[set[int], set[int]]:
    """The cores of the server, and those of all others: by themselves neither takes time from the other."""
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, set(cores[1:])) if len(cores) > 1 else (set(cores), set(cores))
