"""What is installed in the environment that the tests run in."""

from __future__ import annotations

from importlib import metadata, util


def is_importable(package: str) -> bool:
    return util.find_spec(package) is not None


def wheel_files() -> set[str]:
    """The files of the installed wheel, as its RECORD lists them."""
    return {str(path) for path in metadata.files("twofa-middleware") or ()}
