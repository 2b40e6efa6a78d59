"""Fuzz for as long as wanted: ``python -m proof.fuzz --seconds=600 --target=cookies``, in the folder ``tests``.

What is found is written into the corpus, where ``make test`` tries it for ever after.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys

from .engine import Breach, attempt, run
from .targets import CORPUS, NAMES, corpus, opened


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--target", choices=NAMES, action="append", help="these only; without it, each in its turn")
    parser.add_argument("--seconds", type=float, default=60, help="for each target and adapter")
    parser.add_argument("--adapter", choices=("wsgi", "asgi"), help="this one only; without it, both")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="of a run that shall be repeated")
    parser.add_argument("--input", help="this input only, in hex; - for none")
    asked = parser.parse_args()
    found = 0
    for name in asked.target or NAMES:
        for adapter in (asked.adapter,) if asked.adapter else ("wsgi", "asgi"):
            with opened(name, adapter) as target:
                try:
                    if asked.input is not None:
                        print(name, adapter, attempt(target, bytes.fromhex(asked.input.strip("-"))))
                        continue
                    ran = run(target, asked.seconds, asked.seed, corpus(name))
                    rate = ran.inputs / ran.seconds
                    print(f"{name} {adapter}: {ran.inputs} inputs, {rate:.0f}/s, {ran.seen} seen, seed {asked.seed}")
                except Breach as breach:
                    found += 1
                    path = CORPUS / name / hashlib.sha256(breach.data).hexdigest()[:16]
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(breach.data)
                    print(f"{adapter}, seed {asked.seed}: {breach}\n    kept as {path}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
