"""Writes settings.md out of the modules of settings/, where each key has its default and its sentence. Run it after a change there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import twofa_middleware.settings as settings

HERE = Path(__file__).parent
SECTIONS = (
    ("Settings", "The realm", "The top level of the file."),
    ("StoreSettings", "The store", '`store = "URL"`, or a table `[store]`.'),
    ("Acknowledge", "What has to be true of a change", "`acknowledge = { … }` in `[store]`."),
    ("AppSettings", "An app", "A table `[apps.NAME]` for each app of the realm."),
    ("Insert", "Inserts", "`[[apps.NAME.inserts]]`"),
    ("Accepted", "What the app answers once it has saved", "`accepted = { … }`"),
    ("Enforcement", "Enforcement", "`enforcement = { … }`"),
    ("Administration", "Administrators", "`[admin]`"),
    ("Events", "Events", "`[events]`"),
    ("ServiceAccount", "Service accounts", "`service_accounts = [{ … }, …]`"),
)
NOT_IN_THE_FILE = {"folder", "source", "layers"}


def page() -> str:
    modules = [ast.parse(file.read_text(encoding="utf-8")) for file in Path(settings.__file__).parent.glob("*.py")]
    classes = {node.name: node for tree in modules for node in tree.body if isinstance(node, ast.ClassDef)}
    parts = [
        "# Settings",
        "",
        "Made from `settings/*.py` by `docs/make_settings.py`. Defaults are overruled by the file, the file by the fragments in `twofa.d` "
        "beside it (see plugins.md), and those by the environment: "
        "`TWOFA__SECTION__KEY`, such as `TWOFA__APPS__SHOP__HOME=/start`.",
    ]
    for name, title, where in SECTIONS:
        parts += ["", f"## {title}", "", where + " " + " ".join((ast.get_docstring(classes[name]) or "").split()), ""]
        parts += ["| key | type | default | meaning |", "| --- | --- | --- | --- |", *_rows(classes[name])]
    return "\n".join(parts) + "\n"


def _rows(node: ast.ClassDef) -> Iterator[str]:
    body = node.body
    for item, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if item.target.id in NOT_IN_THE_FILE:
            continue
        said = (
            following.value.value
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            else ""
        )
        cells = (
            f"`{item.target.id}`",
            f"`{ast.unparse(item.annotation)}`",
            _default(item.value),
            " ".join(str(said).split()),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: ast.expr | None) -> str:
    if value is None:
        return "needed"
    text = ast.unparse(value)
    return f"`{text.removeprefix('msgspec.field(default_factory=lambda: ').removesuffix(')') if 'factory' in text else text}`"


if __name__ == "__main__":
    (HERE / "settings.md").write_text(page(), encoding="utf-8")
