"""What `make bench` writes: a page whose figures are replaced, and a plot that any reader of SVG can show."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from costs.chart import Panel, Row, svg
from costs.goals import GOALS
from costs.page import BEGIN, END, with_figures
from costs.panels import panels
from costs.results import Results
from costs.spread import Spread, differences, ratios
from costs.tables import markdown

DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_figures_of_a_page_are_replaced_and_the_rest_stays() -> None:
    page = f"# Head\n\n{BEGIN}\n\n| old |\n\n{END}\n\nFoot\n"
    assert with_figures(page, "| new |\n") == f"# Head\n\n{BEGIN}\n\n| new |\n\n{END}\n\nFoot\n"


@pytest.mark.parametrize("page", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {END} {BEGIN} {END}"])
def test_a_page_without_its_marks_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        with_figures(page, "| new |")


def test_the_page_that_is_there_can_be_written_anew() -> None:
    page = (DOCS / "performance.md").read_text(encoding="utf-8")
    assert "| new |" in with_figures(page, "| new |")


def test_a_plot_has_each_row_once_within_its_frame() -> None:
    rows = (Row("ours <b>", 1.0, 2.0, 3.0, "2 µs", True), Row("beyond", 0.01, 5e6, 9e6, "5 s", False))
    drawn = svg((Panel("Cost", "µs", (0.1, 1.0, 1000.0), rows, is_logarithmic=True, mark=5.0),), "Costs")
    root = ElementTree.fromstring(drawn)
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter(f"{SVG}circle")]
    assert len(dots) == len(rows)
    assert all(0 < x < width and 0 < y < height for x, y in dots)
    assert dots[0][0] < dots[1][0]
    assert "ours <b>" in [text.text for text in root.iter(f"{SVG}text")]
    assert "prefers-color-scheme: dark" in drawn


def test_a_run_that_has_measured_nothing_says_so_for_every_goal() -> None:
    said = markdown(Results(["a machine"], has_strict=True))
    assert said.count("not measured") == len(GOALS)
    assert panels(Results([], has_strict=True)) == ()


def test_rounds_are_held_against_the_same_round_of_the_bare_app() -> None:
    assert differences([10.0, 30.0], [1.0, 20.0]) == [9.0, 10.0]
    assert ratios([10.0, 30.0], [20.0, 30.0]) == [0.5, 1.0]
    assert Spread.of([4.0, 1.0, 2.0, 3.0, 5.0]) == Spread(3.0, 2.0, 4.0, 1.0)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0, 7.0)
