"""Near misses: what lacks one number of a rule's condition, nearest first."""

from pathlib import Path
from typing import Any

import pytest

from pgtune_cli.lint.conjuncts import conjuncts, pinned
from pgtune_cli.lint.loader import load_folder
from pgtune_cli.lint.near_misses import near_misses

RULE = """\
id: SHOP001
name: big-table
severity: warning
confidence: high
for: table
params: {{min_rows: 400000}}
when: {when}
message: "{{table.name}}"
why: It is big.
"""


def missed(tmp_path: Path, shop: Any, when: str) -> list[tuple[str | None, str, float, float]]:
    (tmp_path / "SHOP001.yaml").write_text(RULE.format(when=when), encoding="utf-8")
    found = near_misses(load_folder(tmp_path), shop.analysis())
    return [(miss.relation, miss.unmet, miss.value, miss.threshold) for miss in found]


def test_the_nearest_come_first_and_what_is_far_off_is_none(tmp_path: Path, shop: Any) -> None:
    assert missed(tmp_path, shop, 'table.kind == "table" && table.rows >= params.min_rows') == [
        ("public.orders", "table.rows >= params.min_rows", 300000.0, 400000.0),
        ("public.customers", "table.rows >= params.min_rows", 100000.0, 400000.0),
    ]


@pytest.mark.parametrize(
    "when",
    [
        'table.kind == "partitioned" && table.rows >= params.min_rows',
        "table.dead_rows > 5 && table.rows >= params.min_rows",
        "table.rows >= params.min_rows && table.columns > 500",
        "table.rows >= params.min_rows || table.is_partition",
    ],
)
def test_what_lacks_more_or_cannot_be_told_is_none(tmp_path: Path, shop: Any, when: str) -> None:
    assert missed(tmp_path, shop, when) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a && b", ["a", "b"]),
        ("(a || b) && c in ['&&']", ["(a || b)", "c in ['&&']"]),
        ("a || b && c", ["a || b && c"]),
        ("a && (b ? c : d)", ["a", "(b ? c : d)"]),
        ("a ? b && c : d", ["a ? b && c : d"]),
    ],
)
def test_a_condition_comes_apart_at_its_outermost_and(text: str, parts: list[str]) -> None:
    assert conjuncts(text) == parts


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('node.node_type == "Sort" && node.loops > 1', ("Sort",)),
        ('node.loops > 1 && node.node_type in ["Sort", "Hash"]', ("Sort", "Hash")),
        ('node.node_type == "Sort" || node.loops > 1', None),
        ('!(node.node_type == "Sort") && node.loops > 1', None),
        ('node.node_type != "Sort"', None),
        ("node.node_type == node.label && node.loops > 1", None),
        ('node.node_type == "Sort" ? node.loops > 1 : node.loops > 2', None),
    ],
)
def test_the_values_that_a_condition_is_for_are_known(text: str, values: tuple[str, ...] | None) -> None:
    assert pinned(text, "node", "node_type") == values
