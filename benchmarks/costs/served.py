"""The app that a server of the benchmark serves: ``BENCH_SERVES`` names framework, what stands in front, and settings."""

import os
from pathlib import Path
from typing import Any

from .servers import SERVES


def made() -> Any:
    framework, wrap, file = os.environ[SERVES].split("|")
    if framework == "Starlette":
        from . import asgi_apps

        return asgi_apps.wrapped(asgi_apps.starlette(), wrap, file)
    if framework == "Flask":
        from . import wsgi_apps

        return wsgi_apps.wrapped(wsgi_apps.flask(), wrap, file)
    from . import django_apps

    django_apps.set_up(Path(os.environ[django_apps.FOLDER]))
    return django_apps.handler(wrap, file)


application = made()
