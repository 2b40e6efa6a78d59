from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.references import MOST_SECRET_BYTES, load_callable, read_secret

WHERE = "[apps.produce] identity 1 (signed_cookie)"


async def an_async_function() -> None: ...


a_partial = functools.partial(an_async_function)
not_callable = 7


class AnAsyncObject:
    async def __call__(self) -> None: ...


an_async_object = AnAsyncObject()


def keep(folder: Path, content: bytes, mode: int = 0o600) -> None:
    (folder / "secret").write_bytes(content)
    (folder / "secret").chmod(mode)


def test_a_secret_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "s3cret\n")
    assert read_secret("env:A_SECRET", tmp_path, WHERE) == "s3cret\n"


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"s3cret\r\n"])
def test_a_secret_comes_from_a_file_without_its_closing_newline(tmp_path: Path, content: bytes) -> None:
    keep(tmp_path, content)
    assert read_secret("file:secret", tmp_path, WHERE) == "s3cret"
    assert read_secret(f"file:{tmp_path / 'secret'}", Path("/nowhere"), WHERE) == "s3cret"


def test_a_bare_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    for bare in ("hunter2", "vault:hunter2", "", "ENV:hunter2"):
        with pytest.raises(ConfigError, match="env:NAME") as stopped:
            read_secret(bare, tmp_path, WHERE)
        assert "hunter2" not in str(stopped.value)
        assert str(stopped.value).startswith(WHERE)


def test_a_variable_that_is_not_set_or_empty_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_SECRET", raising=False)
    with pytest.raises(ConfigError, match="set A_SECRET"):
        read_secret("env:A_SECRET", tmp_path, WHERE)
    monkeypatch.setenv("A_SECRET", "  ")
    with pytest.raises(ConfigError, match="A_SECRET is empty"):
        read_secret("env:A_SECRET", tmp_path, WHERE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_secret_file_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    keep(tmp_path, b"s3cret", mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_secret("file:secret", tmp_path, WHERE)


@pytest.mark.parametrize(
    ("content", "said"), [(b"\n", "empty"), (b"\xff", "UTF-8"), (b"x" * (MOST_SECRET_BYTES + 1), "more than")]
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    keep(tmp_path, content)
    with pytest.raises(ConfigError, match=said):
        read_secret("file:secret", tmp_path, WHERE)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, said in (("missing", "cannot be read"), (".", "cannot be read|plain file"), ("pipe", "plain file")):
        with pytest.raises(ConfigError, match=said):
            read_secret(f"file:{name}", tmp_path, WHERE)


def test_a_function_is_found_behind_dots() -> None:
    assert load_callable("os.path:join", WHERE) is os.path.join
    assert load_callable("pathlib:Path.home", WHERE) == Path.home


@pytest.mark.parametrize("reference", ["os.path.join", "os.path:", ":join", "os path:join", "os.path:join()", "../x:y"])
def test_what_is_no_reference_is_refused_with_the_form(reference: str) -> None:
    with pytest.raises(ConfigError, match="module:function"):
        load_callable(reference, WHERE)


def test_what_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "broken_for_a_test.py").write_text("1 / 0")
    (tmp_path / "needs_for_a_test.py").write_text("import not_there_at_all")
    for reference, said in (
        ("no_such_module_here:f", "no module no_such_module_here.*PYTHONPATH"),
        ("os.no_such:f", "no module os.no_such|cannot be imported"),
        ("os:no_such", "os has no no_such"),
        ("os:path.no_such", "os has no path.no_such"),
        ("broken_for_a_test:f", "cannot be imported: ZeroDivisionError"),
        ("needs_for_a_test:f", "cannot be imported: No module named 'not_there_at_all'"),
        (f"{__name__}:not_callable", "int and cannot be called"),
    ):
        with pytest.raises(ConfigError, match=said) as stopped:
            load_callable(reference, WHERE)
        assert str(stopped.value).startswith(WHERE)


@pytest.mark.parametrize("name", ["an_async_function", "a_partial", "an_async_object"])
def test_an_async_function_is_refused_where_nothing_can_be_awaited(name: str) -> None:
    reference = f"{__name__}:{name}"
    assert load_callable(reference, WHERE) is getattr(sys.modules[__name__], name)
    with pytest.raises(ConfigError, match="async, and WSGI can await nothing"):
        load_callable(reference, WHERE, asynchronous=False)
