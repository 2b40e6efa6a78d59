"""What the settings point to and do not hold: secrets (``env:NAME``, ``file:path``) and functions (``module:function``).

``where`` names the place in the settings for the error message. No message repeats a reference that may be a secret.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .file_access import whose

MOST_SECRET_BYTES = 64 * 1024
_IF_MISSING = "install it where the app runs, or put its folder on PYTHONPATH"
_REFERENCE = re.compile(r"(?P<module>\w+(?:\.\w+)*):(?P<attributes>\w+(?:\.\w+)*)")


def read_secret(reference: str, folder: Path, where: str) -> str:
    """The secret that ``env:NAME`` or ``file:path`` points to; a relative path starts from ``folder``.

    A file loses its closing newline and must be for its owner alone (POSIX). A secret is never empty. Raises ConfigError.
    """
    kind, colon, name = reference.partition(":")
    if colon and kind == "env":
        return _from_environment(name, where)
    if colon and kind == "file":
        return _from_file(folder / name, name, where)
    raise ConfigError(
        f"{where}: a secret does not stand in the settings: write env:NAME and set that variable, "
        "or file:path and put it into a file that only its owner can read"
    )


def _from_environment(name: str, where: str) -> str:
    secret = os.environ.get(name)
    if secret is None:
        raise ConfigError(f"{where}: env:{name} points to a variable that is not set; set {name} where the app starts")
    return _usable(secret, f"{where}: the variable {name}")


def _from_file(path: Path, name: str, where: str) -> str:
    try:
        # Opened once and then asked for its mode, so that it is the same file; a named pipe must not hold up the start.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{where}: file:{name} is not a plain file")
            if os.name == "posix" and status.st_mode & 0o077:
                raise ConfigError(
                    f"{where}: file:{name} is open to others (mode {stat.S_IMODE(status.st_mode):03o}); "
                    f"chmod 600 it, and change the secret if others may have read it"
                )
            content = file.read(MOST_SECRET_BYTES + 1)
    except PermissionError as error:
        told = "; ".join(filter(None, (f"{error.strerror}", whose(path))))
        raise ConfigError(f"{where}: file:{name} cannot be read: {told}") from error
    except OSError as error:
        raise ConfigError(f"{where}: file:{name} cannot be read: {error.strerror}") from error
    if len(content) > MOST_SECRET_BYTES:
        raise ConfigError(f"{where}: file:{name} holds more than {MOST_SECRET_BYTES} bytes; that is no secret")
    try:
        secret = content.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: file:{name} is not UTF-8 text") from None
    return _usable(secret.removesuffix("\n").removesuffix("\r"), f"{where}: file:{name}")


def _usable(secret: str, what: str) -> str:
    if not secret.strip():
        raise ConfigError(f"{what} is empty; put the secret there")
    try:
        secret.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{what} is not UTF-8 text") from None
    return secret


def load_callable(
    reference: str, where: str, *, asynchronous: bool = True, if_missing: str = _IF_MISSING
) -> Callable[..., Any]:
    """The function that ``module:function`` names; what comes after the colon may be dotted.

    Where nothing can be awaited (``asynchronous=False``, an app served by WSGI) a coroutine function is refused.
    ``if_missing``: the remedy where there is no such module. Raises ConfigError.
    """
    parts = _REFERENCE.fullmatch(reference)
    if parts is None:
        raise ConfigError(f'{where}: {reference!r} names no function; write "module:function"')
    try:
        found: Any = importlib.import_module(parts["module"])
    except ModuleNotFoundError as error:
        if error.name is None or not f"{parts['module']}.".startswith(f"{error.name}."):
            raise ConfigError(f"{where}: the module {parts['module']} cannot be imported: {error}") from error
        raise ConfigError(f"{where}: there is no module {error.name} ({reference}); {if_missing}") from error
    except Exception as error:
        raise ConfigError(
            f"{where}: the module {parts['module']} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    for name in parts["attributes"].split("."):
        if not hasattr(found, name):
            raise ConfigError(
                f"{where}: {parts['module']} has no {parts['attributes']}; define {name}, or name another"
            )
        found = getattr(found, name)
    if not callable(found):
        raise ConfigError(f"{where}: {reference} is {type(found).__name__} and cannot be called; name a function")
    if not asynchronous and is_async(found):
        raise ConfigError(f"{where}: {reference} is async, and WSGI can await nothing; give it a plain function")
    function: Callable[..., Any] = found
    return function


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it makes a coroutine: an async function, or an object with an async ``__call__``."""
    called = type(function).__call__ if not inspect.isroutine(function) and not isinstance(function, type) else None
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)
