"""Which addresses of an app are walked, and in which spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .forms import links_of
from .serving import AppFailed

if TYPE_CHECKING:
    from .browsing import Browser
    from .house import House

MOST_LINKS = 40
USUAL = ("/", "/admin", "/admin/", "/api", "/api/", "/static/", "/favicon.ico", "/robots.txt", "/no-such-page")


def to_walk(house: House, verified: Browser) -> list[str]:
    """Paths of the app: those of the settings, those that its home links to, its routes where it shows them, the usual."""
    app = house.app
    found = [app.home, app.login_page, *USUAL]
    for rule in (*app.login, *app.logout, *app.exempt, *app.strict, *(insert.path for insert in app.inserts)):
        path = rule.partition(" ")[2].partition(" ")[0] if " " in rule else rule
        found.append(path.replace("/**", "/anything").replace("{", "").replace("}", ""))
    try:
        home = verified.go(app.home).text
    except AppFailed:
        home = ""
    links = [target for link in links_of(home) if (target := verified.own(link, app.home))]
    found += [link.partition("#")[0] for link in links[:MOST_LINKS]]
    found += _routes(house.target)
    kept = (path for path in dict.fromkeys(found) if path.startswith("/") and not _is_own(path, house.prefix))
    return [quote(path, safe="/?=&;%:@!$'()*+,~-._") for path in kept]


def forms_of_path(path: str) -> list[tuple[str, str]]:
    """Method and target: as people ask for it, as programs do, and as only somebody who looks for a hole does."""
    plain, mark, query = path.partition("?")
    odd = [
        f"/{plain}",
        f"/.{plain}",
        f"{plain};x=1",
        f"{plain}%20",
        plain.replace("/", "/%2e/", 1),
        f"{plain}/..{plain}",
    ]
    asked = [(method, path) for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "QUERY")]
    return [*asked, *(("GET", spelt + mark + query) for spelt in odd)]


def _is_own(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _routes(app: object) -> list[str]:
    """What the app itself lists: Flask's and Quart's ``url_map``, the ``routes`` of Starlette and what is built on it."""
    rules = getattr(app, "url_map", None)
    if rules is not None and hasattr(rules, "iter_rules"):
        return [str(rule).replace("<", "").replace(">", "").replace(":", "") for rule in rules.iter_rules()]
    paths = (getattr(route, "path", "") for route in getattr(app, "routes", None) or ())
    return [path.replace("{", "").replace("}", "").replace(":", "") for path in paths if isinstance(path, str)]
