"""What many users on many machines take, calculated from what one takes. Nothing is measured here.

Times are of CPU, in microseconds, unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Assumed:
    """How many there are, and what they do: to be changed to yours. ``peak``: of the average of these hours.
    ``burst``: requests that come within a minute, as a page and what it calls. ``load``: the part of a core that a primary
    may be busy."""

    users: float = 100e6
    nodes: float = 1000
    processes: float = 8
    log_ins_a_day: float = 1
    hours: float = 10
    peak: float = 3
    by_code: float = 0.1
    log_outs: float = 0.5
    requests: float = 100
    burst: float = 10
    primary_gb: float = 24
    replicas: float = 1
    load: float = 0.5


@dataclass(frozen=True)
class Measured:
    """On two cores; docs/scale.md says how. ``write_of_many`` and ``push_of_many``: where many are said between two turns
    of the server, and ``message``: what each listener costs in each turn in which something has changed."""

    bytes_a_user: float = 1357
    by_code_cpu: float = 1200
    remembered_cpu: float = 500
    log_out_cpu: float = 300
    by_code_questions: float = 14
    remembered_questions: float = 6
    log_out_questions: float = 5
    look: float = 18
    write_of_many: float = 7.5
    push_of_many: float = 0.13
    message: float = 4.3
    message_bytes: float = 80
    hears: float = 55
    hears_many: float = 20
    asks: float = 500
    entries: float = 8192


@dataclass(frozen=True)
class Sums:
    """All that follows."""

    of: Assumed
    one: Measured

    # ---- the store --------------------------------------------------------------------------------------------------

    @property
    def gigabytes(self) -> float:
        return self.of.users * self.one.bytes_a_user / 1e9

    @property
    def primaries_by_memory(self) -> int:
        return ceil(self.gigabytes / self.of.primary_gb)

    def primaries(self, hit_rate: float) -> int:
        """That have the memory, and are not busier with questions than they may be; pushes are not in it."""
        cores = self.log_in_cores + self.looks(hit_rate) * self.one.look / 1e6
        return max(self.primaries_by_memory, ceil(cores / self.of.load))

    @property
    def listeners(self) -> float:
        return self.of.nodes * self.of.processes

    # ---- log-ins, each a second at the peak -------------------------------------------------------------------------

    @property
    def log_ins(self) -> float:
        return self.of.users * self.of.log_ins_a_day / self.of.hours / 3600 * self.of.peak

    @property
    def log_in_questions(self) -> float:
        of, one = self.of, self.one
        each = of.by_code * one.by_code_questions + (1 - of.by_code) * one.remembered_questions
        return self.log_ins * (each + of.log_outs * one.log_out_questions)

    @property
    def log_in_cores(self) -> float:
        of, one = self.of, self.one
        each = of.by_code * one.by_code_cpu + (1 - of.by_code) * one.remembered_cpu + of.log_outs * one.log_out_cpu
        return self.log_ins * each / 1e6

    @property
    def requests(self) -> float:
        return self.log_ins * self.of.requests

    @property
    def changes(self) -> float:
        """Messages to each listener."""
        return self.log_ins * (1 + self.of.log_outs)

    # ---- the near cache ---------------------------------------------------------------------------------------------

    def hit_rate(self, over: float) -> float:
        """Of requests that are spread over so many processes. Each process forgets the oldest of its log-ins, two
        entries each; a burst is known again where the process still has the one before."""
        of = self.of
        visited: float = over * (1 - (1 - 1 / over) ** of.burst)
        misses = self.requests / self.listeners * visited / of.burst
        lasts = self.one.entries / 2 / misses
        apart = of.hours * 3600 / of.requests * of.burst
        if lasts >= apart * over / visited:
            return 1 - min(over, of.requests) / of.requests
        return 1 - visited / of.burst

    def looks(self, hit_rate: float) -> float:
        """Questions of decisions a second: what is not known, and one of each process that is asked, to be believed."""
        return self.requests * (1 - hit_rate) + self.listeners

    # ---- pushes -----------------------------------------------------------------------------------------------------

    @property
    def pushed_bytes(self) -> float:
        """A second, to all together."""
        return self.changes * self.listeners * self.one.message_bytes

    def even(self, hit_rate: float) -> tuple[float, float]:
        """So many processes, in all, have to hear of each log-in for as much CPU as its requests save: where every change
        is told by itself, and where many are told together. How many log-ins there are is not in it."""
        one = self.one
        saved = self.of.requests * hit_rate * (one.asks + one.look) / (1 + self.of.log_outs)
        return saved / (one.hears + one.message), saved / (one.hears_many + one.push_of_many)

    def part_busy(self, listeners: float, primaries: float) -> float:
        """What part of a core pushes take in each primary, where many changes are told together; above 1 it never
        catches up."""
        return self.changes / primaries * (self.one.write_of_many + listeners * self.one.push_of_many) / 1e6

    def turn_milliseconds(self, listeners: float, primaries: float) -> float:
        """How long a primary takes from a change until all have been told, at the least and with nothing else to do."""
        rest = 1 - self.part_busy(listeners, primaries)
        return listeners * self.one.message / rest / 1e3 if rest > 0 else float("inf")

    def most_pushed(self) -> tuple[float, float]:
        """Processes times changes a second, for a primary: where every change is told by itself, and where many are told
        together."""
        return self.of.load / self.one.message * 1e6, self.of.load / self.one.push_of_many * 1e6

    def most_listeners(self, milliseconds: float) -> float:
        """For a primary that tells all within that time beside as much other work as it may have."""
        return milliseconds * 1e3 * (1 - self.of.load) / self.one.message
