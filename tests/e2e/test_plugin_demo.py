"""`examples/plugin_demo`, as an operator has it: installed into an environment of its own, enabled, served, disabled."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "plugin_demo"
INSTALL_SECONDS = 600
START_SECONDS = 60
KEY = b"the key of the single sign-on"

SHOP = """\
import sys
import waitress
from twofa_middleware.wsgi import TwoFactorMiddleware

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop"]

served = TwoFactorMiddleware(app, "twofa.toml", name="shop")
waitress.serve(served, listen="127.0.0.1:" + sys.argv[1])
"""


class House:
    """An environment with the wheels of the product and of the plugin, and nothing of the one that tests run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"

    def run(self, *arguments: str, cwd: Path, seconds: int = 60) -> subprocess.CompletedProcess[str]:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TWOFA", "VIRTUAL"))
        }
        return subprocess.run(
            [str(self.python), *arguments], cwd=cwd, env=environ, capture_output=True, text=True, timeout=seconds
        )

    def pip(self, *arguments: str) -> None:
        done = self.run("-m", "pip", "install", "--quiet", *arguments, cwd=self.folder, seconds=INSTALL_SECONDS)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=INSTALL_SECONDS)
    made = House(folder)
    made.pip(f"{ROOT}[wsgi]", str(DEMO), "waitress>=3.0", "pytest>=9.0")
    return made


class Shop:
    """A realm whose app is behind the gate, and how its operator works on it."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder = house, folder
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.origin = f"http://localhost:{self.port}"
        (folder / "shop.py").write_text(SHOP)
        self.done("init")
        text = (folder / "twofa.toml").read_text()
        text = text.replace("[apps.portal]", "[apps.shop]").replace("http://localhost:8000", self.origin)
        (folder / "twofa.toml").write_text(f'enforcement = {{ pinned = ["Operators"] }}\n{text}')

    def twofa(self, *arguments: str) -> tuple[int, str]:
        command = "from twofa_middleware.cli import main; main()"
        done = self.house.run("-c", command, *arguments, cwd=self.folder)
        return done.returncode, done.stdout + done.stderr

    def done(self, *arguments: str) -> str:
        code, said = self.twofa(*arguments)
        assert code == 0, said
        return said

    def plugins(self) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.done("plugins", "list", "--json"))["plugins"]
        return {f"{row['group']} {row['name']} {row['distribution']}": row for row in rows}

    @contextmanager
    def served(self) -> Iterator[None]:
        log = self.folder / f"log-{time.monotonic_ns()}"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [str(self.house.python), "shop.py", str(self.port)], cwd=self.folder, stdout=file, stderr=file
            )
        try:
            until = time.monotonic() + START_SECONDS
            while not self.is_ready():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.origin}/2fa/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Browser:
    """Somebody's browser, with the ticket of the single sign-on."""

    def __init__(self, shop: Shop, user: str) -> None:
        self.origin = shop.origin
        jar = http.cookiejar.CookieJar()
        facts = {"user": user, "session": "s1", "expires": int(time.time()) + 3600}
        payload = base64.urlsafe_b64encode(json.dumps(facts).encode())
        value = payload + b"." + hmac.new(KEY, payload, hashlib.sha256).hexdigest().encode()
        domain, path = ("localhost.local", False, False), ("/", True)
        jar.set_cookie(
            http.cookiejar.Cookie(
                0, "sso_ticket", value.decode(), None, False, *domain, *path, False, None, True, None, None, {}
            )
        )
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def ask(self, path: str, **fields: str) -> tuple[int, str, str]:
        """Status, path where it ended, and body."""
        body = urllib.parse.urlencode(fields).encode() if fields else None
        request = urllib.request.Request(self.origin + path, body, {"Accept": "text/html"})
        try:
            answer = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, urllib.parse.urlsplit(answer.url).path, answer.read().decode()


def code_of(key: str, step: int) -> str:
    """The code of 8 digits by SHA-256 (RFC 6238), as a token shows it."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.new(secret, step.to_bytes(8), hashlib.sha256).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 10**8:08}"


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return html.unescape(found[1])


def enable_all(shop: Shop) -> None:
    var = shop.folder / "var"
    var.mkdir(exist_ok=True)
    (var / "sso.secret").touch(mode=0o600)
    (var / "sso.secret").write_bytes(KEY)
    (var / "roles.json").write_text('{"erin": ["Operators"]}')
    shop.done("plugins", "enable", "sso_ticket", "--set", "secret=file:var/sso.secret")
    shop.done("plugins", "enable", "roles_file", "--set", "path=var/roles.json")
    shop.done("plugins", "enable", "json_lines", "--set", "path=var/events.jsonl")
    shop.done("plugins", "enable", "harbour", "--set", "imprint=https://www.example.org/imprint")
    shop.done("plugins", "enable", "token8")


@pytest.fixture
def shop(house: House, tmp_path: Path) -> Shop:
    made = Shop(house, tmp_path)
    enable_all(made)
    return made


def test_its_own_tests_pass_where_it_is_installed(house: House, tmp_path: Path) -> None:
    done = house.run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(DEMO / "tests"), cwd=tmp_path, seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_enabled_it_says_who_comes_what_they_must_and_how_it_looks_and_disabled_it_is_gone(shop: Shop) -> None:
    listed = shop.plugins()
    for row in ("identity sso_ticket", "roles roles_file", "events json_lines", "theme harbour", "factor token8"):
        found = listed[f"{row} twofa-plugin-demo"]
        assert (found["version"], found["error"], len(found["enabled"])) == ("1.0.0", None, 1)
    erin, alex = Browser(shop, "erin"), Browser(shop, "alex")
    with shop.served():
        assert alex.ask("/") == (200, "/", "the shop")
        status, path, page = erin.ask("/")
        assert (status, path) == (200, "/2fa/setup")
        assert "(time-based, 8 digits)" in page
        sheet = re.search(r'<link rel="stylesheet" href="(/2fa/static/theme/harbour[.]css[?][0-9a-f]{12})">', page)
        assert sheet, page
        assert "--accent: #0b6470" in alex.ask(sheet[1])[2]
        assert '<a href="https://www.example.org/imprint">Imprint</a>' in page
        assert 'src="/2fa/static/theme/anchor.svg?' in page
        key = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page)
        assert key
        secret = key[1].replace(" ", "")
        step = int(time.time()) // 30
        fields = {"token": field(page, "token"), "next": field(page, "next")}
        status, _, page = erin.ask("/2fa/setup", code=code_of(secret, step)[:6], **fields)
        assert 'role="alert"' in page
        fields = {"token": field(page, "token"), "next": field(page, "next")}
        status, _, page = erin.ask("/2fa/setup", code=code_of(secret, step), **fields)
        assert (status, "recovery codes" in page) == (200, True)
        assert erin.ask("/") == (200, "/", "the shop")
        status, path, page = Browser(shop, "erin").ask("/")
        assert (status, path) == (200, "/2fa/verify")
        assert "8-digit code" in page
        wait_for_event(shop, "enrolled")
    for name in ("json_lines", "harbour", "token8"):
        shop.done("plugins", "disable", name)
    code, said = shop.twofa("plugins", "disable", "sso_ticket", "--yes")
    assert (code, 'in place of use = "CHOOSE"' in said) == (2, True), said
    with shop.served():
        assert alex.ask("/2fa/account")[0] == 200
        assert "harbour" not in alex.ask("/2fa/account")[2]
        # Another factor than the one that made it checks it never, and does not let by either.
        assert Browser(shop, "erin").ask("/")[0] == 503


def wait_for_event(shop: Shop, name: str) -> None:
    until = time.monotonic() + 30
    path = shop.folder / "var" / "events.jsonl"
    while not path.exists() or name not in {json.loads(line)["event"] for line in path.read_text().splitlines()}:
        assert time.monotonic() < until, "the event did not come"
        time.sleep(0.1)


def test_a_broken_and_a_doubled_distribution_are_named_with_their_versions(house: House, shop: Shop) -> None:
    house.pip(
        "--no-deps",
        str(wheel(shop.folder, "twofa-broken", "0.3", "roles", "wreck", "raise RuntimeError('out of order')")),
    )
    house.pip("--no-deps", str(wheel(shop.folder, "twofa-twin", "0.7", "themes", "harbour", "class Plugin: ...")))
    try:
        found = shop.plugins()
        broken = 'roles plugin "wreck" of twofa-broken 0.3 is broken: out of order'
        assert found["roles wreck twofa-broken"]["error"] == broken
        assert broken in shop.twofa("plugins", "enable", "wreck")[1]
        doubled = "offered by twofa-plugin-demo 1.0.0 and twofa-twin 0.7; remove one"
        assert found["theme harbour twofa-plugin-demo"]["error"] == doubled
        started = shop.house.run("shop.py", str(shop.port), cwd=shop.folder)
        assert started.returncode != 0
        assert f'theme plugin "harbour" is {doubled}' in started.stderr
        assert "twofa.d/plugin-theme-harbour.toml: theme: " in started.stderr
    finally:
        done = house.run("-m", "pip", "uninstall", "-y", "twofa-broken", "twofa-twin", cwd=shop.folder)
        assert done.returncode == 0, done.stderr


def wheel(folder: Path, name: str, version: str, group: str, plugin: str, code: str) -> Path:
    """A distribution with one entry point, as the wheel format has it (PyPA's binary distribution format)."""
    module = name.replace("-", "_")
    path = folder / f"{module}-{version}-py3-none-any.whl"
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[twofa_middleware.{group}]\n{plugin} = {module}:Plugin\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD")))
    return path
