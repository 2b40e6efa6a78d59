"""``twofa keys``: the key ring."""

from __future__ import annotations

from pathlib import Path

import click

from ..keyring import KeyRing
from .key_files import write_ring
from .retiring import list_, retire
from .rotating import rotate


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


for _command in (list_, rotate, retire):
    keys.add_command(_command)
