"""Who takes the ASGI adapter gets nothing of WSGI's."""

from support.environment import is_importable


def test_starlette_is_there_and_werkzeug_is_not() -> None:
    assert is_importable("starlette")
    assert not is_importable("werkzeug")


def test_the_adapter_is_importable() -> None:
    assert is_importable("twofa_middleware_asgi")
