"""A finding that asks for an advisor's SQL gets it, for its own table and statement alone."""

from typing import Any

import msgspec
import pytest

from pgtune_cli.cli.advised import with_advice
from pgtune_cli.cli.assemble import partition_roots
from pgtune_cli.model.catalog import Catalog, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.finding import Confidence, Finding, Severity, Suggestion
from pgtune_cli.model.index import (
    CandidateIndex,
    ChosenIndex,
    IndexAdvice,
    RejectedIndex,
    SeenEstimate,
    StatementBenefit,
    StatisticsAdvice,
)
from pgtune_cli.model.rewrite import Rewrite, RewriteStatement, RewriteStatus

CHOSEN = ChosenIndex(
    sql="CREATE INDEX CONCURRENTLY i ON public.orders (zip)", steps=(), rollback_sql="DROP INDEX CONCURRENTLY i",
    name="i", relation="public.orders", columns=("zip",), size_bytes=8192, benefit=1.0, write_cost=0.0, evidence={},
    statements=(StatementBenefit(fingerprint="a", cost_before=9.0, cost_after=1.0),), confidence="high", why="",
)  # fmt: skip
CITY_ZIP, A_B = ("CREATE STATISTICS s ON city, zip FROM orders", "CREATE STATISTICS v ON a, b FROM orders")
TRIED = StatisticsAdvice(
    sql="CREATE STATISTICS s (mcv) ON city, zip FROM orders",
    steps=("SET x", "CREATE STATISTICS IF NOT EXISTS s …", "ANALYZE orders"), rollback_sql="DROP STATISTICS s",
    relation="public.orders", columns=("city", "zip"), kinds=("mcv",), status="sampled", evidence={}, why="",
    statements=(SeenEstimate(fingerprint="a", place="0", rows_planned=1, rows_actual=900),),
)  # fmt: skip
ADVICE = IndexAdvice(
    engine="clone", chosen=(CHOSEN,), statistics=(TRIED,), rejected=(RejectedIndex(A_B, "in vain", "public.items"),)
)
KEYSET = Rewrite(
    statement="a", kind="keyset", before="", status=RewriteStatus.PROVEN,
    statements=(RewriteStatement(role="count", sql="c"), RewriteStatement(role="next_page", sql="n")),
)  # fmt: skip


def advised(*, advice: IndexAdvice = ADVICE, facts: dict[str, Any] | None = None, **more: Any) -> Suggestion | None:
    fields: dict[str, Any] = {"rule": "PLAN001", "relation": "public.orders", "kind": "index", "sql": None, **more}
    finding = Finding(
        id="x", rule=fields["rule"], severity=Severity.INFO, confidence=Confidence.LOW, title="", detail="",
        evidence={"channel": "plan", "facts": facts or {}}, statements=("a",), relation=fields["relation"],
        suggestion=Suggestion(kind=fields["kind"], sql=fields["sql"], text="do"),
    )  # fmt: skip
    return with_advice(finding, advice, (KEYSET,)).suggestion


@pytest.mark.parametrize(
    ("columns", "predicate", "taken"),
    [(("zip",), None, True), (("city",), None, False), (("zip",), "(zip IS NOT NULL)", False)],
)
def test_its_own_index_gives_way_to_a_chosen_one_that_starts_with_the_same_columns(
    columns: tuple[str, ...], predicate: str | None, taken: bool
) -> None:
    """Both would be made otherwise."""
    keys = (IndexKey(column="zip"), IndexKey(column="city"))
    made = CandidateIndex(table=RelationName("public", "orders"), keys=keys, predicate=predicate)
    wider = msgspec.structs.replace(CHOSEN, columns=("zip", "city"), definition=made, sql="wider")
    advice = IndexAdvice(engine="clone", chosen=(wider,))
    found = advised(rule="SCHEMA001", sql="own", advice=advice, facts={"columns": columns})
    assert found is not None
    assert found.sql == ("wider" if taken else "own")


def test_of_two_that_serve_it_the_one_on_a_column_of_its_condition() -> None:
    other = msgspec.structs.replace(CHOSEN, columns=("placed_at",), sql="other")
    advice = IndexAdvice(engine="clone", chosen=(other, CHOSEN))
    found = advised(advice=advice, facts={"condition_columns": ["zip"]})
    assert found is not None
    assert found.sql == CHOSEN.sql


@pytest.mark.parametrize(
    ("key", "method", "taken"),
    [
        (IndexKey(column="zip", opclass="public.gin_trgm_ops"), "gin", True),
        (IndexKey(column="zip", opclass="text_pattern_ops"), "btree", True),
        (IndexKey(column="placed_at"), "btree", False),
        (IndexKey(column="zip"), "btree", False),
    ],
)
def test_a_pattern_is_found_by_an_index_that_can(key: IndexKey, method: str, taken: bool) -> None:
    """Not by one that hands the rows over in their order, though the statement uses it."""
    made = CandidateIndex(table=RelationName("public", "orders"), keys=(key,), method=method)
    chosen = msgspec.structs.replace(CHOSEN, definition=made, columns=(key.column or "",))
    facts = {"kind": "ilike", "written": "zip ~~*"}
    found = advised(rule="SQL004", advice=IndexAdvice(engine="clone", chosen=(chosen,)), facts=facts)
    assert found is not None
    assert (found.sql is not None) == taken


def test_the_index_of_its_table_and_statement() -> None:
    assert advised() == Suggestion(kind="index", sql=CHOSEN.sql, rollback_sql=CHOSEN.rollback_sql, text="do")


@pytest.mark.parametrize("more", [{"relation": "public.items"}, {"kind": "setting"}, {"kind": "rewrite"}])
def test_no_sql_of_another(more: dict[str, Any]) -> None:
    found = advised(**more)
    assert found is not None
    assert found.sql is None


def test_the_page_after_the_first_for_deep_pages() -> None:
    found = advised(rule="SQL001", kind="rewrite")
    assert found is not None
    assert found.sql == "n"


def test_sql_of_its_own_stays() -> None:
    found = advised(sql="mine")
    assert found is not None
    assert found.sql == "mine"


@pytest.mark.parametrize(
    ("own", "relation", "sql"),
    [
        (f"{CITY_ZIP}; ANALYZE orders", "public.orders", f"{TRIED.sql}; ANALYZE orders"),
        (None, "public.orders", f"{TRIED.sql}; ANALYZE orders"),
        (f"{A_B}; ANALYZE orders", "public.items", None),
        ("CREATE STATISTICS w ON b, a FROM orders; ANALYZE orders", "public.items", None),
        ("CREATE STATISTICS x ON c, d FROM other", "public.other", "CREATE STATISTICS x ON c, d FROM other"),
    ],
)
def test_statistics_that_were_tried_replace_those_that_were_not(
    own: str | None, relation: str, sql: str | None
) -> None:
    found = advised(rule="PLAN003", kind="statistics", sql=own, relation=relation)
    assert found is not None
    assert found.sql == sql


def test_a_partition_has_the_index_of_its_partitioned_table() -> None:
    part = RelationName("public", "orders_2024_01")
    inner = RelationName("public", "orders_2024")
    relations = tuple(
        Relation(oid=1, schema="public", name=name.name, kind=RelationKind.TABLE, partition_of=of)
        for name, of in ((part, inner), (inner, RelationName("public", "orders")))
    )
    roots = partition_roots(Catalog(relations=relations))
    assert roots == {str(part): "public.orders", str(inner): "public.orders"}
    finding = Finding(
        id="x", rule="PLAN001", severity=Severity.INFO, confidence=Confidence.LOW, title="", detail="",
        evidence={"channel": "plan"}, statements=("a",), relation=str(part), suggestion=Suggestion(kind="index"),
    )  # fmt: skip
    on_the_whole = with_advice(finding, ADVICE, (), roots).suggestion
    assert on_the_whole is not None
    assert on_the_whole.sql == CHOSEN.sql
    assert with_advice(finding, ADVICE, ()).suggestion == finding.suggestion
