"""Who takes the WSGI adapter gets nothing of ASGI's."""

from support.environment import is_importable


def test_werkzeug_is_there_and_starlette_is_not() -> None:
    assert is_importable("werkzeug")
    assert not is_importable("starlette")


def test_the_adapter_is_importable() -> None:
    assert is_importable("twofa_middleware_wsgi")
