"""``twofa keys``: the key ring."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..errors import KeysError
from ..keyring import KeyRing


@click.group()
def keys() -> None:
    """The keys that seal what lies in the store."""


@keys.command()
@click.option("--file", "path", type=click.Path(path_type=Path), help="Write it to this new file instead.")
def new(path: Path | None) -> None:
    """Make a new key ring and print it, for a file or an environment variable. It replaces no key of a running realm."""
    ring = KeyRing.new()
    if path is None:
        click.echo(ring.dump(), nl=False)
        return
    write_ring(ring, path)
    click.echo(f"{path}: a new key ring. Keep a copy apart from the store.")


def write_ring(ring: KeyRing, path: Path) -> None:
    """Write a key file that only its owner can read; an existing one is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeysError(
            f"{path} exists; a key ring is never overwritten, since all that it sealed would be lost"
        ) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(ring.dump())
        file.flush()
        os.fsync(file.fileno())
