"""The toolkit is installed as a wheel, and without the adapters' libraries."""

from support.environment import is_importable, wheel_files


def test_the_wheel_holds_three_typed_packages() -> None:
    assert {
        "twofa_middleware/py.typed",
        "twofa_middleware_wsgi/py.typed",
        "twofa_middleware_asgi/py.typed",
    } <= wheel_files()


def test_neither_werkzeug_nor_starlette_is_there() -> None:
    assert not is_importable("werkzeug")
    assert not is_importable("starlette")
