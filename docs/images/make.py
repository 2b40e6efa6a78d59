"""Takes the README's picture of the set-up page. Needs the packages of the e2e tests:

python docs/images/make.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "tests"), str(HERE.parents[1] / "examples")]

from browser.chromium import find_chromium, mend_driver  # noqa: E402
from e2e.portals import launch, new_person  # noqa: E402
from e2e.visitor import Visitor  # noqa: E402

COLOURS = 64
VIEW = {"width": 720, "height": 640}
SCALE = 1.25


def take(file: Path) -> None:
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        demo = launch(Path(folder))
        demo.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEW, device_scale_factor=SCALE, color_scheme="light")
        visitor = Visitor(page, demo, new_person(demo))
        visitor.log_in()
        visitor.open("/2fa/setup")
        page.screenshot(path=file, full_page=True)
        browser.close()
        demo.end()
    Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    mend_driver()
    take(HERE / "set-up.png")
