"""Fuzz for as long as wanted: ``python -m proof.fuzz --seconds=600 --target=cookies``, in the folder ``tests``.

What is found is written into the corpus, where ``make test`` tries it for ever after.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
from importlib.util import find_spec

from .engine import Breach, attempt, run
from .targets import NAMES, corpus, keep, opened

ENGINES = ("atheris", "own") if find_spec("atheris") else ("own",)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", choices=NAMES, action="append", help="these only; without it, each in its turn")
    parser.add_argument("--seconds", type=int, default=60, help="for each target and adapter")
    parser.add_argument("--adapter", choices=("wsgi", "asgi"), help="this one only; without it, both")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="without it, Atheris where it is there")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1 << 31) + 1, help="of a run that is to be repeated"
    )
    parser.add_argument("--input", metavar="HEX", help="this input only; - for one without a byte")
    asked = parser.parse_args()
    if asked.seconds < 1:
        parser.error("--seconds: a run takes one second at least")
    found = 0
    for name in asked.target or NAMES:
        for adapter in (asked.adapter,) if asked.adapter else ("wsgi", "asgi"):
            if asked.input is not None:
                with opened(name, adapter) as target:
                    print(f"{name} {adapter}: {attempt(target, bytes.fromhex(asked.input.strip('-')))}")
            elif asked.engine == "atheris":
                words = (name, adapter, str(asked.seconds), str(asked.seed))
                found += not guided(*words)
            else:
                found += not fuzzed(name, adapter, asked.seconds, asked.seed)
    return 1 if found else 0


def guided(*words: str) -> bool:
    """Whether nothing was found under Atheris. An interrupt reaches both processes; the child's servers end with it."""
    child = subprocess.Popen([sys.executable, "-W", "error", "-m", "proof.fuzz.guided", *words])
    try:
        return child.wait() == 0
    finally:
        child.wait()


def fuzzed(name: str, adapter: str, seconds: float, seed: int) -> bool:
    """Whether nothing was found."""
    with opened(name, adapter) as target:
        try:
            ran = run(target, seconds, seed, corpus(name))
        except Breach as breach:
            print(f"{adapter}, seed {seed}: {breach}\n    kept as {keep(breach)}", file=sys.stderr)
            return False
    rate = ran.inputs / ran.seconds
    print(
        f"{name} {adapter}: {ran.inputs} inputs, {rate:.0f} a second, {ran.seen} things seen, seed {seed}", flush=True
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
