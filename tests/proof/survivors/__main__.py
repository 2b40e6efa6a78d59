"""``python -m proof.survivors [room …]``: mutants of whole rooms, and those that no test catches and nobody has read yet.

mutmut makes the mutants, in a copy of the source under ``mutants/``; ``session.py`` tries them. ``survivors.tsv`` holds
those that were read, with why each is left; the run fails if there is one more.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
COPY = ROOT / "mutants"
READ = Path(__file__).with_name("survivors.tsv")
CAUGHT = ("killed", "timeout")
FLOWS = ["tests/core/flows"]
ROOMS: dict[str, tuple[list[str], list[str]]] = {
    "factors": (["factors.totp", "factors.codes", "factors.recovery"], ["tests/core/factors"]),
    "browser": (
        ["browser.tokens", "browser.cookies", "browser.origin", "browser.kept", "browser.agent"],
        ["tests/core/browser"],
    ),
    "policy": (["policy.paths", "policy.login_rules", "policy.enforcement"], ["tests/core/policy"]),
    "proving": (
        [
            f"accounts.{name}"
            for name in ("attempts", "access", "passes", "verify", "remembered", "unprompted", "rules")
        ],
        FLOWS,
    ),
    "accounts": (
        [
            f"accounts.{name}"
            for name in (
                *("account", "administer", "audit", "census", "change", "enrol", "forecast", "history", "people"),
                *("records", "resealing", "reset"),
            )
        ],
        FLOWS,
    ),
    "gate": (["letting_on", "gate", "somebody", "nobody"], [*FLOWS, "tests/contract"]),
}
"""Each room's modules, and the tests that belong to it."""


def make_mutants() -> None:
    """What ``mutmut run`` does before it runs anything."""
    from mutmut import __main__ as mutmut

    COPY.mkdir(exist_ok=True)
    mutmut.set_mutant_under_test("mutant_generation")
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(os.cpu_count() or 1)


def as_it_stands(tests: list[str]) -> str:
    """A digest of the source and of what tries it. A verdict is about just these: another run of them goes on where one was
    interrupted, and one of anything else begins anew."""
    read = hashlib.sha256()
    for folder in ("src", "adapters", "tests/support", *tests):
        for file in sorted((ROOT / folder).rglob("*.py")):
            read.update(file.as_posix().encode() + b"\0" + file.read_bytes())
    return read.hexdigest()[:12]


def try_room(room: str) -> dict[str, str]:
    """What became of each mutant, by its name."""
    modules, tests = ROOMS[room]
    out = COPY / f"{room}-{as_it_stands(tests)}.tsv"
    told = {
        "MUTANTS_OF": ",".join(module.replace(".", "/") for module in modules),
        "MUTANTS_OUT": str(out),
        "PYTHONPATH": os.pathsep.join([str(COPY / "src"), str(COPY / "tests")]),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "proof.survivors.session", "-p", "no:cacheprovider"]
    quiet = ["--rootdir=.", "--tb=native", "--show-capture=no"]  # nobody reads why a mutant was caught
    subprocess.run([*command, *quiet, *tests], cwd=COPY, env=os.environ | told, check=True)
    lines = (line.split("\t") for line in out.read_text().splitlines())
    return {name: verdict for name, verdict, *_ in lines}


def change_of(mutant: str) -> tuple[str, str, str]:
    """The function, and which lines are others in it: a mutant's number is another one after each edit."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    function = mutant.removeprefix("twofa_middleware.").rpartition("__mutmut_")[0]
    path = Path("src", *mutant.split(".")[:-1]).with_suffix(".py")
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    gone, come = (" ".join(line[1:].strip() for line in lines if line[:1] == sign) for sign in "-+")
    return function, gone, come


def main(rooms: list[str]) -> int:
    os.chdir(ROOT)
    make_mutants()
    read = {tuple(line.split("\t")[:3]) for line in READ.read_text().splitlines()}
    new = 0
    for room in rooms or list(ROOMS):
        became = try_room(room)
        modules: dict[str, Counter[str]] = {}
        for name, verdict in became.items():
            modules.setdefault(name.rpartition(".")[0], Counter())[verdict] += 1
            if verdict not in CAUGHT and (change := change_of(name)) not in read:
                new += 1
                print("\t".join((*change, verdict)))
        for module, counts in modules.items():
            print(f"{module}: {counts.total()} mutants, {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}")
    print(f"{new} that no test catches and nobody has read" if new else "all that no test catches were read")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
