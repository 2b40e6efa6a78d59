"""What a selector may say, and how it is refused."""

from __future__ import annotations

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.inserts.selector import Compound, Selector


def test_a_selector_is_read_from_the_outermost_compound_to_the_one_that_is_looked_for() -> None:
    selector = Selector.parse("  FORM#User > div.a.b [data-Row='7 8'][checked] input[name=Row]  ")
    assert selector.compounds == (
        Compound("form", ("User",), (), ()),
        Compound("div", (), ("a", "b"), ()),
        Compound(None, (), (), (("data-row", "7 8"), ("checked", None))),
        Compound("input", (), (), (("name", "Row"),)),
    )
    assert selector.combinators == (">", " ", " ")


def test_values_stand_in_either_quotes_or_in_none() -> None:
    for text in ('[a="x-1"]', "[a='x-1']", "[ a = x-1 ]"):
        assert Selector.parse(text).compounds[0].attributes == (("a", "x-1"),)


@pytest.mark.parametrize(
    "text",
    ["", " ", "*", "a, b", "a + b", "a ~ b", "a:hover", "a::before", "a >", "> a", "a > > b", "#", ".", "#1a", ".1",
     "[a", "[a=]", "[a^=b]", "[a='b]", "[a=b i]", "a#", "[a='\\62']", "a!b", "a\\:b", "-", "#a/b"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_text_and_what_may_stand_there(text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Selector.parse(text)
    assert repr(text) in str(refusal.value)
    assert "a space for a descendant and > for a child" in str(refusal.value)


def test_classes_are_compared_one_by_one_and_by_their_case() -> None:
    compound = Selector.parse(".b").compounds[0]
    assert compound.fits({"class": "a\n b\tc"})
    assert not compound.fits({"class": "B ab b-"})
    assert not compound.fits({})


def test_selectors_of_the_same_text_are_equal() -> None:
    assert Selector.parse("a > b") == Selector.parse("a > b") != Selector.parse("a b")
