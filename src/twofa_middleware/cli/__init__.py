"""The ``twofa`` command."""

from __future__ import annotations

import sys

import click

from ..errors import TwoFactorError
from .init import init
from .keys import keys


@click.group()
@click.version_option(package_name="twofa-middleware")
def twofa() -> None:
    """Two-factor authentication in front of web apps that nobody changes."""


twofa.add_command(init)
twofa.add_command(keys)


def main() -> None:
    """Run the command; what cannot be done is said in one line, with exit code 1."""
    try:
        twofa()
    except (TwoFactorError, OSError) as error:
        click.echo(f"twofa: {error}", err=True)
        sys.exit(1)
