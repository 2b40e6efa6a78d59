"""The places are those that a parser of the whole tree finds, or none: never others."""

from __future__ import annotations

import os
import random
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.inserts.awkward import DOCUMENTS, PIECES, mutate
from core.inserts.pages import run, spot
from core.inserts.second_opinion import SELECTORS, differences, found_by_us, misplaced
from twofa_middleware.inserts.splicer import Position, Splicer

FUZZ_SECONDS = float(os.environ.get("TWOFA_FUZZ_SECONDS", "5"))

pieces = st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map(b"".join)


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_an_awkward_document_has_its_first_matches_where_the_tree_has_them(document: bytes) -> None:
    assert differences(document) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_a_gap_in_an_awkward_document_stands_where_its_position_says(document: bytes) -> None:
    assert misplaced(document) == []


def test_the_comparison_compares_something() -> None:
    assert sum(len(found_by_us(document)) for document in DOCUMENTS) > 2 * len(DOCUMENTS)


def test_mutations_have_their_matches_where_the_tree_has_them() -> None:
    """The seed is new each time, and is said when it fails; TWOFA_FUZZ_SECONDS makes it longer."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    until, count = monotonic() + FUZZ_SECONDS, 0
    while monotonic() < until:
        document = mutate(chance.choice(DOCUMENTS), chance)[:3000]
        look_at = misplaced if count % 4 == 0 else differences
        assert look_at(document) == [], (seed, document)
        count += 1
    assert count > 10


@settings(max_examples=150, deadline=None)
@given(pieces)
def test_tags_in_any_order_have_their_matches_where_the_tree_has_them(document: bytes) -> None:
    assert differences(document) == []
    assert misplaced(document) == []


@settings(max_examples=150, deadline=None)
@given(
    document=st.one_of(st.sampled_from(DOCUMENTS), pieces),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    position=st.sampled_from(("before", "after", "prepend", "append")),
    is_every=st.booleans(),
    limit_bytes=st.sampled_from((20, 100, 65536)),
)
def test_chunks_make_no_difference(
    document: bytes, cuts: list[int], position: Position, is_every: bool, limit_bytes: int
) -> None:
    spots = [spot(selector, position, is_every=is_every, field="u") for selector in SELECTORS]
    ends = sorted({0, len(document), *(min(cut, len(document)) for cut in cuts)})
    cut = [document[start:end] for start, end in pairwise(ends)]
    whole, parts = Splicer(spots, limit_bytes), Splicer(spots, limit_bytes)
    assert run(whole, [document]) == run(parts, cut)
    assert whole.outcomes == parts.outcomes


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_an_awkward_document_can_come_byte_by_byte(document: bytes) -> None:
    document = document[:1500]
    spots = [spot(selector, "append", is_every=True, field="u") for selector in SELECTORS]
    whole, parts = Splicer(spots), Splicer(spots)
    assert run(whole, [document]) == run(parts, (document[at : at + 1] for at in range(len(document))))
    assert whole.outcomes == parts.outcomes


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_come_out_as_they_went_in(document: bytes, is_xml: bool) -> None:
    run(Splicer([spot(selector, is_every=True) for selector in SELECTORS], is_xml=is_xml), [document])
