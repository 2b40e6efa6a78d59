"""How each server is started without a line of code: the same lines as in docs/serving.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """``module`` and the rest of the command. ``target``: what TWOFA_TARGET names, where the command does not.

    ``keeps_bodies``: the server itself keeps whole bodies in memory.
    """

    command: tuple[str, ...]
    target: str = ""
    keeps_bodies: bool = False

    @property
    def environ(self) -> dict[str, str]:
        return {"TWOFA_TARGET": self.target} if self.target else {}


WSGI, ASGI = "support.shop:wsgi", "support.shop:asgi"
WSGI_DOOR, ASGI_DOOR = "twofa_middleware.wsgi:application", "twofa_middleware.asgi:application"
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--keep-alive=5", "--no-control-socket")
GATED = (*GUNICORN, "-c", "python:twofa_middleware_wsgi.gunicorn")
CERTIFIED = ("--certfile=127.0.0.1.pem", "--keyfile=127.0.0.1.key")
GRANIAN = ("granian", "--host=127.0.0.1", "--port={port}")
UVICORN = ("uvicorn", ASGI_DOOR, "--port={port}")
HYPERCORN = ("hypercorn", "--bind=127.0.0.1:{port}", "twofa_middleware.asgi:create_application()")

WAYS = {
    "gunicorn sync": Way((*GATED, WSGI)),
    "gunicorn sync, 4 workers": Way((*GATED, "--workers=4", WSGI)),
    "gunicorn gthread, preloaded": Way(
        (*GATED, "--workers=4", "--preload", "--worker-class=gthread", "--threads=4", WSGI)
    ),
    "gunicorn gevent": Way((*GATED, "--worker-class=gevent", WSGI)),
    "gunicorn gevent, preloaded": Way((*GATED, "--workers=2", "--preload", "--worker-class=gevent", WSGI)),
    "gunicorn gevent_pywsgi": Way((*GATED, "--worker-class=gevent_pywsgi", WSGI)),
    "gunicorn tornado": Way((*GATED, "--worker-class=tornado", WSGI), keeps_bodies=True),
    "gunicorn asgi": Way((*GATED, "--worker-class=asgi", "--workers=2", ASGI)),
    "gunicorn gthread, preloaded, by target": Way(
        (*GUNICORN, "--workers=4", "--preload", "--worker-class=gthread", "--threads=4", WSGI_DOOR),
        "support.shop:create_app()",
    ),
    "waitress": Way(("waitress", "--listen=127.0.0.1:{port}", WSGI_DOOR), WSGI),
    "granian wsgi": Way((*GRANIAN, "--interface=wsgi", WSGI_DOOR), WSGI),
    "granian wsgi, 4 workers": Way((*GRANIAN, "--interface=wsgi", "--workers=4", WSGI_DOOR), WSGI),
    "granian asgi": Way((*GRANIAN, "--interface=asgi", ASGI_DOOR), ASGI),
    "granian asgi, 4 workers": Way((*GRANIAN, "--interface=asgi", "--workers=4", ASGI_DOOR), ASGI),
    "uvicorn": Way(UVICORN, ASGI),
    "uvicorn, reload": Way((*UVICORN, "--reload"), ASGI),
    "uvicorn, 4 workers": Way((*UVICORN, "--workers=4"), "support.shop:create_app('asgi')"),
    "hypercorn": Way(HYPERCORN, ASGI),
    "hypercorn, 4 workers": Way((*HYPERCORN, "--workers=4"), ASGI),
}
