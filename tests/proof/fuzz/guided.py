"""The same targets under Atheris, which sees by which lines of ours an input goes: ``make fuzz`` takes it where it is there.

Started by ``__main__.py`` for one target and adapter, since libFuzzer ends the process that it runs in.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["twofa_middleware", "twofa_middleware_wsgi", "twofa_middleware_asgi"]):
    from .engine import MEASURED, MOST_BYTES, Breach, attempt
    from .targets import corpus, keep, opened

FOUND = 1


def main(name: str, adapter: str, seconds: str, seed: str) -> None:
    with TemporaryDirectory() as folder, opened(name, adapter) as target:
        inputs, words = Path(folder) / "inputs", Path(folder) / "words"
        inputs.mkdir()
        for number, data in enumerate((*corpus(name), *target.seeds())):
            (inputs / f"{number}").write_bytes(data)
        words.write_text("".join(f'"{_spelt(word)}"\n' for word in target.words if word))
        tried = 0

        def one_input(data: bytes) -> None:
            nonlocal tried
            tried += 1
            try:
                attempt(target, data, is_measured=tried % MEASURED == 0)
                if tried % 500 == 0:
                    target.settle()
            except BaseException as error:
                breach = error if isinstance(error, Breach) else Breach(name, data, error)
                print(f"{adapter}: {breach}\n    kept as {keep(breach)}", file=sys.stderr, flush=True)
                os._exit(FOUND)  # Atheris would go on to print a report of its own

        options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={MOST_BYTES}", f"-dict={words}"]
        atheris.Setup(
            ["fuzz", *options, "-print_final_stats=1", "-rss_limit_mb=0", "-len_control=0", str(inputs)], one_input
        )
        atheris.Fuzz()


def _spelt(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(*sys.argv[1:])
