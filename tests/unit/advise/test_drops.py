"""Which indexes are advised to drop, and which never are."""

import asyncio

import msgspec
import pytest
from support.advise_fakes import Table, analysis, candidate, index, only, snapshot, statement, table

from pgtune_cli.advise.costs import NOTHING, CostTable
from pgtune_cli.advise.drops import droppable, recreate, verified
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import items
from pgtune_cli.model.catalog import Constraint, Index, RelationKind, RelationName
from pgtune_cli.model.index import DroppedIndex
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan
from pgtune_cli.model.snapshot import IndexUsage, Usage

T = table("t", "a integer, b integer, c integer")


def usage(days: float | None = 90.0, **scans: int) -> Usage:
    counted = tuple(IndexUsage(index=RelationName("public", name), idx_scan=scan) for name, scan in scans.items())
    return Usage(days=days, indexes=counted)


def reasons(*indexes: Index, used: Usage | None = None, relation: object = T, **catalog: object) -> dict[str, str]:
    facts = Facts(snapshot([relation], indexes, usage=used, **catalog))  # type: ignore[list-item]
    return {drop.index.name: drop.reason for drop in droppable(facts)}


def test_of_duplicates_the_older_stays() -> None:
    assert reasons(index("new", "t", "a", oid=9), index("old", "t", "a", oid=5)) == {"new": "it is a duplicate of old"}


def test_of_duplicates_the_one_that_serves_a_constraint_stays() -> None:
    key = index("t_pkey", "t", "a", oid=9, unique=True, primary=True, constraint="t_pkey")
    assert reasons(index("older", "t", "a", oid=5), key) == {"older": "it is a duplicate of t_pkey"}


@pytest.mark.parametrize(
    "other",
    [
        index("other", "t", "b"),
        index("other", "t", "a", method="hash"),
        index("other", "t", "a", predicate="(b > 1)"),
        index("other", "t", "a desc"),
        index("other", "t", "a", valid=False),
        index("other", "t", "lower(a)"),
    ],
)
def test_what_differs_is_no_duplicate(other: Index) -> None:
    assert "one" not in reasons(index("one", "t", "a", oid=200), other)


def test_a_prefix_of_a_wider_index_is_redundant() -> None:
    found = reasons(index("narrow", "t", "a"), index("wide", "t", "a", "b"))
    assert found == {"narrow": "its keys are the first keys of wide, which answers the same questions"}


@pytest.mark.parametrize(
    "wide",
    [
        index("wide", "t", "b", "a"),
        index("wide", "t", "a", "b", predicate="(c > 1)"),
        index("wide", "t", "a", "b", method="gin"),
        index("wide", "t", "a", "b", valid=False, unique=True),
    ],
)
def test_what_a_wider_index_cannot_answer_stays(wide: Index) -> None:
    assert "narrow" not in reasons(index("narrow", "t", "a"), wide)


@pytest.mark.parametrize(
    "trait",
    [{"unique": True}, {"primary": True}, {"constraint": "c"}, {"replica_identity": True}, {"clustered": True},
     {"exclusion": True}, {"partition_of": RelationName("public", "p")}],
)  # fmt: skip
def test_what_serves_something_else_is_never_dropped(trait: dict[str, object]) -> None:
    serving = index("serving", "t", "a", **trait)
    assert reasons(serving, index("wide", "t", "a", "b"), used=usage(serving=0, wide=5)) == {}


def test_an_invalid_index_goes() -> None:
    found = reasons(index("broken", "t", "a", valid=False))
    assert found == {"broken": "it is INVALID, left behind by a CREATE INDEX CONCURRENTLY that failed "
                               "(make sure that none is running)"}  # fmt: skip


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (90.0, "it was not scanned once in 90 days of statistics; replicas have counters of their own"),
        (14.0, "it was not scanned once in 14 days of statistics; look again after a whole month; "
               "replicas have counters of their own"),
    ],
)  # fmt: skip
def test_an_unused_index_goes_and_says_how_long_was_looked(days: float, said: str) -> None:
    assert reasons(index("idle", "t", "a"), used=usage(days, idle=0)) == {"idle": said}


def test_scans_of_replicas_count() -> None:
    one = msgspec.structs.replace(usage(90.0, idle=0), replicas=1)
    said = "it was not scanned once in 90 days of statistics; those of a replica are among them"
    assert reasons(index("idle", "t", "a"), used=one) == {"idle": said}


def test_what_a_new_index_begins_with_is_replaced_by_it() -> None:
    facts = Facts(snapshot([T], [index("one", "t", "a"), index("two", "t", "a", "b"), index("other", "t", "b")]))
    found = {drop.index.name: drop.reason for drop in droppable(facts, only(candidate("t", "a", "b", "c")))}
    assert found == {
        "one": "its keys are the first keys of two, which answers the same questions",
        "two": "its keys are the first keys of the new index on (a, b, c), which replaces it",
    }


@pytest.mark.parametrize("days", [None, 0.01, 13.9])
def test_young_counters_call_no_index_unused(days: float | None) -> None:
    assert reasons(index("idle", "t", "a"), used=usage(days, idle=0)) == {}


def test_a_used_index_and_one_without_counters_stay() -> None:
    assert reasons(index("busy", "t", "a"), index("unknown", "t", "b"), used=usage(busy=3)) == {}


def test_on_a_standby_no_index_is_called_unused() -> None:
    snap = snapshot([T], [index("idle", "t", "a")], usage=usage(idle=0))
    standby = msgspec.structs.replace(snap, server=msgspec.structs.replace(snap.server, in_recovery=True))
    assert droppable(Facts(standby)) == []


def test_an_unused_index_of_a_small_table_stays() -> None:
    assert reasons(index("idle", "t", "a"), used=usage(idle=0), relation=table("t", "a integer", pages=3)) == {}


def test_the_only_index_of_a_foreign_key_stays() -> None:
    key = Constraint(name="fk", table=RelationName("public", "t"), type="f", definition="", columns=("a",))
    assert reasons(index("idle", "t", "a"), used=usage(idle=0), constraints=(key,)) == {}
    two = reasons(
        index("idle", "t", "a", oid=7),
        index("wide", "t", "a", "b", oid=8),
        used=usage(idle=0, wide=4),
        constraints=(key,),
    )
    assert list(two) == ["idle"]


def test_indexes_of_a_partitioned_table_are_left_alone() -> None:
    parent = table("t", "a integer", kind=RelationKind.PARTITIONED)
    assert reasons(index("one", "t", "a"), index("two", "t", "a", oid=200), relation=parent) == {}


def advised(whatif: Table, *indexes: Index, used: Usage | None = None) -> list[DroppedIndex]:
    async def main() -> list[DroppedIndex]:
        snap = snapshot([T], indexes, usage=used)
        facts = Facts(snap)
        found = items(analysis(snap, statement("s", "select * from t where a = 1")), facts)
        return list((await verified(droppable(facts), found, NOTHING, CostTable(whatif))).values())

    return asyncio.run(main())


def test_a_drop_is_planned_without_the_index_first() -> None:
    whatif = Table({"s": [(only(), 100)]})
    assert advised(whatif, index("new", "t", "a", oid=9), index("old", "t", "a", oid=5)) == [
        DroppedIndex(
            "DROP INDEX CONCURRENTLY public.new",
            "CREATE INDEX CONCURRENTLY new ON public.t USING btree (a)",
            "it is a duplicate of old; hidden, and 1 statement on the table planned again: none got dearer",
            "public.t",
            None,
            ("CREATE INDEX CONCURRENTLY IF NOT EXISTS new ON public.t USING btree (a)",),
        )
    ]


def test_what_undoes_the_drop_of_an_expression_gives_it_statistics_again() -> None:
    old = index("old", "t", "lower(a)", definition="CREATE INDEX old ON public.t USING btree (lower(a))")
    (drop,) = advised(Table({"s": [(only(), 100)]}), old, used=usage(old=0))
    assert drop.rollback_steps[1:] == ("ANALYZE public.t",)


def test_a_drop_that_makes_a_statement_dearer_is_not_advised() -> None:
    whatif = Table({"s": [(only(), 100)]}, dearer_hidden={RelationName("public", "idle"): 1.5})
    assert advised(whatif, index("idle", "t", "a"), used=usage(idle=0)) == []


def test_drops_are_judged_together() -> None:
    """Each alone would do no harm worth a word; both together would."""
    whatif = Table(
        {"s": [(only(), 100)]},
        dearer_hidden={RelationName("public", "one"): 1.04, RelationName("public", "two"): 1.04},
    )
    found = advised(whatif, index("one", "t", "a"), index("two", "t", "b"), used=usage(one=0, two=0))
    assert len(found) == 1


def test_a_drop_that_could_not_be_verified_says_so() -> None:
    class Blind(Table):
        def _cost(self, request):  # type: ignore[no-untyped-def]
            return "it cannot hide indexes" if request.hidden else super()._cost(request)

    (drop,) = advised(Blind({"s": [(only(), 100)]}), index("new", "t", "a", oid=9), index("old", "t", "a", oid=5))
    assert drop.reason == "it is a duplicate of old; not verified by planning without it (it cannot hide indexes)"


def test_an_index_that_a_plan_reads_is_kept_when_nothing_can_be_verified() -> None:
    class Blind(Table):
        def _cost(self, request):  # type: ignore[no-untyped-def]
            return "it cannot hide indexes" if request.hidden else super()._cost(request)

    node = PlanNode(
        node_type="Index Scan", startup_cost=0, total_cost=8, plan_rows=1, plan_width=8, relation="t", index_name="idle"
    )  # fmt: skip
    plan = StatementPlan(
        source="server", parameters=PlanParameters("literal", "literal"), executed=False, total_cost=8.0,
        plan=Plan(root=node),
    )  # fmt: skip

    async def main() -> dict[RelationName, DroppedIndex]:
        snap = snapshot([T], [index("idle", "t", "a")], usage=usage(idle=0))
        facts = Facts(snap)
        given = analysis(snap, statement("s", "select * from t where a = 1"))
        plans = {"s": msgspec.structs.replace(given.plans["s"], plans=(plan,))}
        found = items(msgspec.structs.replace(given, plans=plans), facts)
        return await verified(droppable(facts), found, NOTHING, CostTable(Blind({"s": [(only(), 8.0)]})))

    assert asyncio.run(main()) == {}


@pytest.mark.parametrize(
    ("definition", "sql"),
    [
        ("CREATE INDEX i ON s.t USING btree (a) WHERE (b = 'x;y'::text)",
         "CREATE INDEX CONCURRENTLY i ON s.t USING btree (a) WHERE (b = 'x;y'::text)"),
        ("CREATE UNIQUE INDEX i ON s.t USING btree (a)", "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t USING btree (a)"),
        ("CREATE INDEX i ON s.t USING btree (a); DROP TABLE t", ""),
        ("DROP TABLE t", ""),
    ],
)  # fmt: skip
def test_what_undoes_a_drop_is_the_definition(definition: str, sql: str) -> None:
    assert recreate(index("i", "t", "a", definition=definition)) == sql
