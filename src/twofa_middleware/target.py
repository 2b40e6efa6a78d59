"""The app that is put behind the gate without a line of code: which one, of which colour, under which settings.

TWOFA_TARGET    the app: module:app, module:package.app, or module:create_app()
TWOFA_SETTINGS  the settings file; without it, twofa.toml in the folder in which the server was started
TWOFA_APP       its name in that file; without it, the only app of the file
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, TypeAlias

from .errors import ConfigError
from .references import is_async, load_callable
from .settings import Settings

Colour: TypeAlias = Literal["wsgi", "asgi"]

TARGET, SETTINGS, APP = "TWOFA_TARGET", "TWOFA_SETTINGS", "TWOFA_APP"
ENDS_WITH = 3
"""The exit code by which gunicorn's master knows that a worker would end again; uvicorn's for a failed start."""
SPELLINGS = "module:app, module:package.app or module:create_app()"
_GATES = ("twofa_middleware_wsgi.middleware", "twofa_middleware_asgi.middleware")
_NAMES: dict[Colour, str] = {"wsgi": "a WSGI", "asgi": "an ASGI"}
_ARGUMENTS: dict[Colour, int] = {"wsgi": 2, "asgi": 3}


def served(colour: Colour, middleware: Callable[..., Any]) -> Any:
    """The app that the environment names, behind the gate. ConfigError says what is missing, and where it is set."""
    text = os.environ.get(TARGET, "")
    if not text:
        raise ConfigError(f"{TARGET} is not set: set it to the app to put behind the gate, such as {TARGET}=shop:app")
    app = load_target(text, TARGET)
    other = colour_of(app, f"{TARGET}={text}")
    if other is not None and other != colour:
        raise ConfigError(
            f"{TARGET}={text} is {_NAMES[other]} app, and this is the door for {colour.upper()}: "
            f"serve twofa_middleware.{other}:application, by a server for {other.upper()}"
        )
    settings = settings_of_environment()
    return gated(app, middleware, settings, name_of_app(settings), text)


def served_or_ended(colour: Colour, middleware: Callable[..., Any]) -> Any:
    """The same for a server, which would show a ConfigError below a long traceback of its own: one line says what is wrong,
    and the process ends. What the app itself raised is shown as Python shows it."""
    try:
        return served(colour, middleware)
    except ConfigError as error:
        cause = error.__cause__
        if cause is not None and not _is_of_ours(cause.__traceback__):
            traceback.print_exception(cause)
        print(f"twofa_middleware: {error}", file=sys.stderr, flush=True)
        raise SystemExit(ENDS_WITH) from None


def _is_of_ours(at: TracebackType | None) -> bool:
    """Whether an error came up in this package or in the import system, not in the app's code."""
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    module = "" if at is None else str(at.tb_frame.f_globals.get("__name__"))
    return module.partition(".")[0] in ("", "twofa_middleware", "importlib")


def gated(app: Any, middleware: Callable[..., Any], settings: Settings, name: str, text: str) -> Any:
    """The app in the middleware; an app that brings its own gate would ask everybody for ever."""
    if isinstance(middleware, type) and isinstance(app, middleware):
        raise ConfigError(f"{text} is behind the gate already, by its own code: serve it as it is")
    return middleware(app, settings, name=name)


def behind_gate(app: Any) -> Any:
    """The app that a gate in its own code stands in front of, for who puts another one there; else the app itself."""
    while is_gate(type(app)):
        app = app._app
    return app


def is_gate(kind: type) -> bool:
    """Whether it is the class of a gate, whichever adapter's."""
    return kind.__name__ == "TwoFactorMiddleware" and kind.__module__ in _GATES


def settings_of_environment() -> Settings:
    path = os.environ.get(SETTINGS) or "twofa.toml"
    if not os.path.exists(path):
        raise ConfigError(
            f"{path}: there is no such file in {os.getcwd()}; `twofa init` writes a first one, {SETTINGS} names another"
        )
    return Settings.load(path)


def name_of_app(settings: Settings, chosen: str | None = None, by: str = APP) -> str:
    """``chosen``, or else what the environment says, or else the only app of the file."""
    name = chosen or os.environ.get(APP)
    if name:
        settings.app(name)
        return name
    if len(settings.apps) > 1:
        names = ", ".join(sorted(settings.apps))
        raise ConfigError(f"{settings.source} has several apps ({names}): say by {by} which one is served here")
    return next(iter(settings.apps))


def load_target(text: str, where: str) -> Any:
    """The app that ``module:app``, ``module:package.app`` or ``module:create_app()`` names; what is in the brackets are
    literals. The folder in which the server was started is looked through, as servers do. Raises ConfigError."""
    module, call, reference = _parse(text, where)
    if module.partition(".")[0] in ("twofa_middleware", "twofa_middleware_wsgi", "twofa_middleware_asgi"):
        raise ConfigError(f"{where}: {text} is this package itself; name the app that it shall be in front of")
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.insert(0, os.getcwd())
    file = f"{module.replace('.', '/')}.py"
    here = f"run this in the folder where {file} is (it runs in {os.getcwd()}), or set PYTHONPATH to that folder"
    found = load_callable(reference, where, if_missing=here)
    if call is None:
        return found
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        named = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    except ValueError:
        raise ConfigError(f"{where}: {text}: only literals can stand in the brackets") from None
    try:
        made = found(*arguments, **named)
    except Exception as error:
        raise ConfigError(f"{where}: {text} raised {type(error).__name__}: {error}") from error
    if inspect.iscoroutine(made):
        made.close()
        raise ConfigError(f"{where}: {text} is async; an app is made by a plain function")
    if not callable(made):
        raise ConfigError(f"{where}: {text} made {type(made).__name__}, which is no app")
    return made


def _parse(text: str, where: str) -> tuple[str, ast.Call | None, str]:
    """Module, the call of a factory or None, and ``module:name`` of what is there to be called."""
    module, colon, expression = text.strip().partition(":")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body if colon else None
    except SyntaxError:
        tree = None
    call = tree if isinstance(tree, ast.Call) else None
    named = call.func if call is not None else tree
    inner = named
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if named is None or not isinstance(inner, ast.Name) or not all(part.isidentifier() for part in module.split(".")):
        raise ConfigError(f"{where}: {text!r} names no app; write {SPELLINGS}")
    return module, call, f"{module}:{ast.unparse(named)}"


def colour_of(app: Any, what: str) -> Colour | None:
    """Whether an app is WSGI or ASGI, by how it can be called; None where both or neither could be told.

    Raises ConfigError for what can be called as neither of them, as a factory without brackets is.
    """
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return "asgi" if is_async(app) else None
    fits = [colour for colour, number in _ARGUMENTS.items() if _takes(signature, number)]
    if is_async(app) and "asgi" in fits:
        return "asgi"
    if is_async(app) or not fits:
        raise ConfigError(
            f"{what} is no app: it takes neither environ and start_response, nor scope, receive and send; "
            "if it makes one, call it, as in module:create_app()"
        )
    return fits[0] if len(fits) == 1 else None


def _takes(signature: inspect.Signature, number: int) -> bool:
    try:
        signature.bind(*[None] * number)
    except TypeError:
        return False
    return True
