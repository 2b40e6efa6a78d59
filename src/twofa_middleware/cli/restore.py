"""``twofa restore``: a realm's file for a store that was lost."""

from __future__ import annotations

from pathlib import Path

import click

from ..moving.bringing import Plan
from .asking import EXIT_CODES, actor, operation
from .bringing import bring_file
from .passphrases import passphrase_file


@click.command(epilog=EXIT_CODES)
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask whether it shall be done; needed without a terminal.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Change nothing; say what would be done.")
@click.option("--replace", "replaces", is_flag=True, help="Also where the store has another account or flag.")
@click.option("--list", "lists", is_flag=True, help="Name those whose recovery codes may have been used.")
@click.option("--without-codes", "drops_codes", is_flag=True, help="Bring no recovery codes back.")
@passphrase_file
@operation
def restore(
    path: Path,
    as_json: bool,
    source: Path,
    passphrase_at: Path | None,
    drops_codes: bool,
    lists: bool,
    replaces: bool,
    is_dry: bool,
    yes: bool,
) -> None:
    """Bring FILE, made by `twofa export`, back into the store, after the one that it was made of was lost.

    FILE is older than what was lost. So every session and browser has to begin anew, and no code of this moment is
    accepted. Recovery codes that were used since then would be accepted again: it says of how many people that is true.
    What was interrupted is run again: who is there already is left.
    """
    plan = Plan(actor(), restores=True, replaces=replaces, drops_codes=drops_codes, is_dry=is_dry)
    bring_file(path, as_json, source, passphrase_at, yes, plan, lists)
