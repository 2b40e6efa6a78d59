"""The same targets under Atheris, which sees by which lines of ours an input goes: ``make fuzz`` takes it where it is there.

Started by ``__main__.py`` for one target and adapter, since libFuzzer ends the process that it runs in.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import atheris

with atheris.instrument_imports(include=["twofa_middleware", "twofa_middleware_wsgi", "twofa_middleware_asgi"]):
    from .engine import MEASURED, MOST_BYTES, Breach, attempt
    from .targets import corpus, keep, opened

FOUND = 1
INTERRUPTED = 130
SETTLED = 100


def main(name: str, adapter: str, seconds: str, seed: str) -> None:
    ending = ExitStack()
    folder = ending.enter_context(TemporaryDirectory())
    target = ending.enter_context(opened(name, adapter))
    inputs, words = Path(folder) / "inputs", Path(folder) / "words"
    inputs.mkdir()
    for number, data in enumerate((*corpus(name), *target.seeds())):
        (inputs / f"{number}").write_bytes(data)
    words.write_text("".join(f'"{_spelt(word)}"\n' for word in target.words if word))
    tried, until = 0, monotonic() + int(seconds)

    def end(code: int) -> None:
        """Neither libFuzzer nor Atheris comes back, so whatever was started ends here."""
        try:
            ending.close()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def one_input(data: bytes) -> None:
        nonlocal tried
        try:
            tried += 1
            attempt(target, data, is_measured=tried % MEASURED == 0)
            is_over = monotonic() >= until
            if is_over or tried % SETTLED == 0:
                target.settle()
        except KeyboardInterrupt:
            end(INTERRUPTED)
        except BaseException as error:
            breach = error if isinstance(error, Breach) else Breach(name, data, error)
            print(f"{adapter}: {breach}\n    kept as {keep(breach)}", file=sys.stderr, flush=True)
            end(FOUND)
        if is_over:
            print(f"{name} {adapter}: {tried} inputs under Atheris, seed {seed}", flush=True)
            end(0)

    options = [f"-seed={seed}", f"-max_len={MOST_BYTES}", f"-dict={words}", "-handle_int=0"]
    atheris.Setup(["fuzz", *options, "-rss_limit_mb=0", "-len_control=0", str(inputs)], one_input)
    atheris.Fuzz()


def _spelt(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(*sys.argv[1:])
