"""When an existing index does what a candidate would."""

import pytest
from support.advise_fakes import candidate, index, keys

from pgtune_cli.advise.coverage import covers, starts_with
from pgtune_cli.model.catalog import IndexKey
from pgtune_cli.model.index import CandidateIndex


@pytest.mark.parametrize(
    ("have", "wanted", "covered"),
    [
        (index("i", "t", "a", "b"), candidate("t", "a"), True),
        (index("i", "t", "a", "b"), candidate("t", "a", "b"), True),
        (index("i", "t", "a", "b"), candidate("t", "b"), False),
        (index("i", "t", "a"), candidate("t", "a", "b"), False),
        (index("i", "t", "a desc"), candidate("t", "a"), True),
        (index("i", "t", "a", "b desc"), candidate("t", "a", "b"), False),
        (index("i", "t", "a desc", "b desc"), candidate("t", "a", "b"), True),
        (index("i", "t", "a", "b desc"), candidate("t", "a desc", "b"), True),
        (index("i", "t", "a", valid=False), candidate("t", "a"), False),
        (index("i", "t", "a", method="hash"), candidate("t", "a"), False),
        (index("i", "t", "a", predicate="(b IS NULL)"), candidate("t", "a"), False),
        (index("i", "t", "a", predicate="(b IS NULL)"), candidate("t", "a", predicate="b IS NULL"), True),
        (index("i", "t", "a"), candidate("t", "a", predicate="b IS NULL"), False),
        (index("i", "t", "a", predicate="((b)::text = 'x'::text)"), candidate("t", "a", predicate="b = 'x'"), True),
        (index("i", "t", "a", predicate="(b = 'y'::text)"), candidate("t", "a", predicate="b = 'x'"), False),
        (index("i", "t", "a", predicate="(NOT b)"), candidate("t", "a", predicate="NOT b"), True),
        (index("i", "t", "lower(a)"), candidate("t", "lower(a)"), True),
        (index("i", "t", "lower(a)"), candidate("t", "a"), False),
        (index("i", "t", "a", include=("b",)), candidate("t", "a", include=("b",)), True),
        (index("i", "t", "a"), candidate("t", "a", include=("b",)), False),
        (index("i", "t", "a", unique=True), candidate("t", "a"), True),
        (index("i", "t", "a", method="gin"), candidate("t", "a", method="gin"), True),
    ],
)  # fmt: skip
def test_coverage(have: object, wanted: CandidateIndex, covered: bool) -> None:
    assert covers(have, wanted) is covered  # type: ignore[arg-type]


def test_another_operator_class_does_not_cover() -> None:
    have = index("i", "t", method="gin", keys=(IndexKey(column="a", opclass="jsonb_path_ops"),))
    wanted = candidate("t", "a", method="gin")
    assert not covers(have, wanted)


def test_another_collation_does_not_cover() -> None:
    assert not covers(index("i", "t", keys=(IndexKey(column="a", collation="C"),)), candidate("t", "a"))


def test_directions_are_all_the_same_or_all_reversed() -> None:
    assert starts_with(keys("a", "b desc", "c"), keys("a desc", "b"))
    assert not starts_with(keys("a", "b desc", "c"), keys("a desc", "b desc"))
