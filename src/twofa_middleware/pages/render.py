"""From a template to an answer, and the headers that every answer of our own carries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..http import Answer, Request
from ..site import Site
from .texts import clock
from .themes import address, line

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment
    from markupsafe import Markup

_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
OWN_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"vary", b"Cookie"),
    (b"content-security-policy", _POLICY),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    # "no-referrer" would make browsers send Origin: null with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True, slots=True)
class Urls:
    """The paths of the own pages, as a browser asks for them below this request's mount."""

    verify: str
    setup: str
    later: str
    account: str
    disable: str
    codes: str
    browsers: str
    logout: str
    admin: str
    style: str
    admin_style: str
    script: str
    home: str
    login_page: str
    theme_sheets: tuple[str, ...]
    logo: str
    icon: str

    @classmethod
    def of(cls, site: Site, request: Request) -> Urls:
        own = request.quoted_root + site.settings.prefix
        pages = ("verify", "setup", "later", "account", "disable", "codes", "browsers", "logout", "admin")
        look = site.look

        def theme(name: str) -> str:
            return f"{own}/static/{address(look, name)}" if name else ""

        return cls(
            **{page: f"{own}/{page}" for page in pages},
            style=f"{own}/static/pages.css?{static_version()}",
            admin_style=f"{own}/static/admin.css?{static_version()}",
            script=f"{own}/static/pages.js?{static_version()}",
            home=request.quoted_root + site.app.home,
            login_page=request.quoted_root + site.app.login_page,
            theme_sheets=tuple(theme(name) for name in look.sheets),
            logo=theme(look.logo),
            icon=theme(look.icon),
        )


def page(site: Site, request: Request, template: str, status: int = 200, **variables: Any) -> Answer:
    """An HTML page of our own."""
    urls = Urls.of(site, request)
    values = {
        "product": site.settings.name,
        "app": site.label,
        "support": site.settings.support,
        "home": urls.home,
        "logo": urls.logo,
    }
    html = (
        _environment()
        .get_template(template)
        .render(
            product=site.settings.name,
            support=site.settings.support,
            app_label=site.label,
            urls=urls,
            header=line(site.look.header, values),
            footer=line(site.look.footer, values),
            digits=site.factor.digits,
            server_time=clock(request.now, seconds=True),
            **variables,
        )
    )
    return Answer(status, ((b"content-type", b"text/html; charset=utf-8"),), html.encode())


def fragment(template: str | Path, **variables: Any) -> str:
    """A piece of HTML for a page of the app's: a template of ours by its name, or one of the operator's by its path."""
    if isinstance(template, str):
        return _environment().get_template(template).render(**variables).strip()
    return _environment_at(template.parent).get_template(template.name).render(**variables).strip()


def picture(svg: str) -> Markup | str:
    """An inline SVG of ours as a picture with a name for those who hear the page."""
    from markupsafe import Markup

    return Markup(svg.replace("<svg ", '<svg role="img" aria-label="QR code with the key below" ', 1))  # noqa: S704


def owned(answer: Answer) -> Answer:
    """The answer with the headers of our own."""
    return answer.adding(*(pair for pair in OWN_HEADERS if pair[0] not in {name for name, _ in answer.headers}))


@cache
def static_files() -> dict[str, tuple[bytes, bytes]]:
    """Name → content type and bytes of the static files."""
    folder = files(__package__) / "static"
    return {
        "pages.css": (b"text/css; charset=utf-8", (folder / "pages.css").read_bytes()),
        "admin.css": (b"text/css; charset=utf-8", (folder / "admin.css").read_bytes()),
        "pages.js": (b"text/javascript; charset=utf-8", (folder / "pages.js").read_bytes()),
    }


@cache
def static_version() -> str:
    """Changes with the static files, so that browsers may keep them for long."""
    content = b"".join(body for _, body in static_files().values())
    return hashlib.sha256(content).hexdigest()[:12]


@cache
def _environment() -> Environment:
    from jinja2 import PackageLoader

    return _made(PackageLoader(__package__, "templates"))


def load_templates(*, for_admins: bool) -> None:
    """Load Jinja and compile the pages' templates, those of the administrators' pages too if they are wanted: some 50 ms."""
    environment = _environment()
    for name in environment.list_templates():
        if for_admins or not name.lstrip("_").startswith("admin"):
            environment.get_template(name)


@cache
def _environment_at(folder: Path) -> Environment:
    from jinja2 import FileSystemLoader

    return _made(FileSystemLoader(folder))


def _made(loader: BaseLoader) -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
