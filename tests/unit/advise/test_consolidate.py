"""One index in the place of several: only where every statement is planned as cheaply without them."""

import asyncio

import msgspec
import pytest
from support.advise_fakes import Table, analysis, candidate, index, only, snapshot, statement, table

from pgtune_cli.advise.consolidate import Consolidating, Consolidation
from pgtune_cli.advise.costs import NOTHING, CostTable
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.program import Limits
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.workload import items
from pgtune_cli.model.catalog import Constraint, Index, RelationName
from pgtune_cli.model.snapshot import IndexUsage, Usage

T = table("t", "a integer, b integer, c integer, d integer")
AB, AC = index("ab", "t", "a", "b", pages=1000), index("ac", "t", "a", "c", pages=1000)
HIDDEN = {RelationName("public", "ab"): 5.0, RelationName("public", "ac"): 5.0}
MB = 1 << 20


class Merged(Table):
    """What is hidden is missed, unless an index has all of its keys."""

    def _cost(self, request):  # type: ignore[no-untyped-def]
        if any({key.column for key in each.keys} >= {"a", "b", "c"} for each in request.indexes):
            request = type(request)(prepared=request.prepared, values=request.values, indexes=request.indexes)
        return super()._cost(request)


def found(
    *indexes: Index, whatif: type[Table] = Merged, scans: int = 0, size: int = 9 * MB, limits: Limits | None = None,
    gone: frozenset[RelationName] = frozenset(), days: float = 90.0, standby: bool = False, **catalog: object,
) -> list[Consolidation]:  # fmt: skip
    counted = tuple(IndexUsage(index=one.index_name, idx_scan=scans) for one in indexes)
    snap = snapshot([T], indexes, usage=Usage(days=days, indexes=counted), **catalog)
    facts = Facts(msgspec.structs.replace(snap, server=msgspec.structs.replace(snap.server, in_recovery=standby)))
    planner = whatif(rows={"s": [(only(), 100)]}, size=size, dearer_hidden=HIDDEN)
    known = items(analysis(facts.snapshot, statement("s", "select * from t where a = 1 and b = 2")), facts)
    made = Consolidating(
        facts=facts, items=known, chosen=NOTHING, leaving=gone, gone=gone, shelf=Shelf(planner, facts, {}),
        costs=CostTable(planner), limits=limits or Limits(), max_keys=4,
    )  # fmt: skip
    return asyncio.run(made.found())


def test_two_indexes_become_one() -> None:
    (one,) = found(AB, AC)
    assert one.candidate == candidate("t", "a", "b", "c")
    assert [each.name for each in one.replaced] == ["ab", "ac"]
    assert one.saved_bytes == 2000 * 8192 - 9 * MB
    assert [(each.sql, each.reason) for each in one.dropped("t_a_b_c_idx")] == [
        (
            f"DROP INDEX CONCURRENTLY public.{name}",
            "the new index t_a_b_c_idx takes its place, as that of 1 other; hidden, and 1 statement on the table "
            "planned again: none got dearer",
        )
        for name in ("ab", "ac")
    ]


def test_nothing_is_merged_that_a_statement_would_miss() -> None:
    assert found(AB, AC, whatif=Table) == []


@pytest.mark.parametrize(
    "other",
    [
        index("ac", "t", "a", "c", pages=1000, unique=True),
        index("ac", "t", "a", "c", pages=1000, clustered=True),
        index("ac", "t", "a", "c", pages=1000, predicate="(d > 1)"),
        index("ac", "t", "a", "c", pages=1000, method="gin"),
        index("ac", "t", "a", "c", pages=1000, valid=False),
        index("ac", "t", "b", "c", pages=1000),
    ],
)
def test_what_serves_something_else_stays(other: Index) -> None:
    assert found(AB, other) == []


def test_what_somebody_scans_whom_the_workload_does_not_show_stays() -> None:
    assert found(AB, AC, scans=7) == []


def test_counters_that_are_young_or_of_a_standby_say_of_nothing_that_it_is_not_scanned() -> None:
    assert found(AB, AC, days=13.0) == []
    assert found(AB, AC, standby=True) == []


def test_it_must_save_room_and_fit_the_limits() -> None:
    assert found(AB, AC, size=15 * MB) == []
    assert found(AB, AC, limits=Limits(bytes_=MB)) == []
    assert found(AB, AC, limits=Limits(indexes=0)) == []


def test_what_goes_anyway_is_not_merged() -> None:
    assert found(AB, AC, gone=frozenset({RelationName("public", "ac")})) == []


def test_a_foreign_key_keeps_its_index() -> None:
    key = Constraint(name="fk", table=RelationName("public", "t"), type="f", definition="", columns=("c", "a"))
    (one,) = found(AB, AC, constraints=(key,))
    assert one.candidate == candidate("t", "a", "c", "b")
    # partial ones find no child by it
    part = [msgspec.structs.replace(one, predicate="(d > 1)") for one in (AB, AC)]
    (one,) = found(*part, constraints=(key,))
    assert one.candidate == candidate("t", "a", "b", "c", predicate="(d > 1)")
