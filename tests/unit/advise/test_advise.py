"""The advice as a whole, over a table of costs."""

import asyncio

import msgspec
import pytest
from support.advise_fakes import (
    LITERAL,
    Table,
    analysis,
    candidate,
    index,
    only,
    snapshot,
    statement,
    statistics,
    table,
)

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.advise.workload import weighted
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import IndexKey
from pgtune_cli.model.index import (
    CandidateIndex,
    ChosenIndex,
    IndexAdvice,
    PossibleIndex,
    RejectedIndex,
    StatementBenefit,
)
from pgtune_cli.model.plan import Fidelity, Plan, PlanNode, PlanParameters, StatementPlan
from pgtune_cli.model.statement import ValueSet

T = table("t", "a integer, b integer, state text, data jsonb")
A, AB = candidate("t", "a"), candidate("t", "a", "b")


def advice(whatif: Table, given: Analysis, **options: int) -> IndexAdvice:
    return asyncio.run(advise(given, whatif, AdviseOptions(**options)))


def test_the_whole_advice() -> None:
    slow = statement("slow", "select * from t where a = $1 order by b", calls=100, ms=9.0, share_of_time=0.9)
    fine = statement("fine", "select count(*) from t", calls=10, ms=10.0, share_of_time=0.1)
    whatif = Table({"slow": [(only(), 2000.0), (only(AB), 20.0), (only(A), 400.0)], "fine": [(only(), 1000.0)]})
    found = advice(whatif, analysis(snapshot([T]), slow, fine))
    sql = "CREATE INDEX CONCURRENTLY t_a_b_idx ON public.t (a, b)"
    (chosen,) = found.chosen
    assert chosen == ChosenIndex(
        sql=sql,
        steps=chosen.steps,
        rollback_sql="DROP INDEX CONCURRENTLY public.t_a_b_idx",
        name="t_a_b_idx",
        relation="public.t",
        columns=("a", "b"),
        size_bytes=1 << 20,
        benefit=100 * 1980.0,
        write_cost=0.0,
        evidence={"channel": "text", "proof": "planned", "engine": "table"},
        statements=(
            StatementBenefit(
                fingerprint="slow",
                cost_before=2000.0,
                cost_after=20.0,
                calls=100,
                saved=0.99,
                plan_before=("Result",),
                plan_after=("Result",),
            ),
        ),
        confidence="medium",
        why="Serves one statement (90.0% of the measured time) through public.t (a, b). The planner cost of statement "
        "slow falls from 2,000.0 to 20.0 a call (100 times less), over 100 calls.",
        rollback_steps=chosen.rollback_steps,
        leaves=("public.t_a_b_idx",),
        definition=AB,
        near_misses=found.rejected,
    )
    assert len(chosen.steps) == len(chosen.rollback_steps)
    # it may be run again
    assert sql.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS") in chosen.steps
    assert (found.engine, found.workload_cost_before, found.workload_cost_after, found.storage_bytes) == (
        "table", 210_000.0, 12_000.0, 1 << 20,
    )  # fmt: skip
    assert found.rejected == (
        RejectedIndex(
            "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a)",
            "the chosen index on public.t (a, b) does nearly all of what it would",
            "public.t",
        ),
    )
    assert (found.possible, found.dropped) == ((), ())
    assert found.planner_calls == whatif.planner_calls


def test_an_index_is_credited_with_the_values_whose_plan_uses_it() -> None:
    b = candidate("t", "b")
    sets = [ValueSet(name=name, origin="pg_stats", values=(name,)) for name in ("common", "typical", "rare")]
    made = statement("s", "select * from t where a = $1 and b = $2", calls=100, share_of_time=1.0)
    rows = {
        "s:common": [(only(), 4000.0), (only(A), 400.0)],
        "s:typical": [(only(), 1000.0)],
        "s:rare": [(only(), 2000.0), (only(b), 200.0)],
    }
    found = advice(Table(rows), analysis(snapshot([T]), made, sets=sets))
    assert found.workload_cost_before is not None
    assert found.workload_cost_after is not None
    saved = found.workload_cost_before - found.workload_cost_after
    assert (found.workload_cost_before, saved) == (275_000.0, 225_000.0)
    first, second = found.chosen
    assert [first.columns, second.columns, first.benefit, second.benefit] == [("a",), ("b",), 180_000.0, 45_000.0]
    told = first.statements[0]
    assert (told.cost_before, told.cost_after, told.values, told.saved) == (4000.0, 400.0, ("common",), 1800 / 2750)
    told = second.statements[0]
    assert (told.cost_before, told.cost_after, told.values, told.saved) == (2000.0, 200.0, ("rare",), 450 / 2750)
    assert second.why == (
        "Serves one statement (18.2% of the measured time) through public.t (b). The planner cost of statement s falls "
        "from 2,000.0 to 200.0 a call (10.0 times less) with the rare values, over 100 calls."
    )


def test_a_plan_that_a_limit_seems_to_cut_short_is_told_unless_calls_read_little() -> None:
    lower = candidate("t", "lower(state)")
    for blocks, expected in ((0, 1), (100 * 5000, 1), (100 * 3, 0)):
        made = statement("s", "select * from t where lower(state) = 'x' limit 1", shared_blks_hit=blocks)
        found = advice(Table({"s": [(only(), 6.0), (only(lower), 4.0)]}), analysis(snapshot([T]), made))
        assert (found.chosen, len(found.possible)) == ((), expected)
    made = statement("s", "select * from t where lower(state) = 'x' limit 1")
    found = advice(Table({"s": [(only(), 6000), (only(lower), 4.0)]}), analysis(snapshot([T]), made))
    assert (len(found.chosen), found.possible) == (1, ())


def test_a_workload_that_needs_nothing_gets_nothing() -> None:
    fine = statement("s", "select * from t where a = $1")
    found = advice(Table({"s": [(only(), 8.4), (only(A), 8.3)]}), analysis(snapshot([T]), fine))
    assert (found.chosen, found.possible, found.rejected, found.dropped) == ((), (), (), ())
    assert found.workload_cost_before == found.workload_cost_after == 840.0


def test_an_empty_workload_gets_an_empty_advice() -> None:
    found = advice(Table({}), analysis(snapshot([T])))
    assert (found.chosen, found.workload_cost_before, found.planner_calls) == ((), 0, 0)


def test_a_statement_that_cannot_be_planned_does_not_end_the_run() -> None:
    broken = statement("broken", "select * from t where b = $1")
    slow = statement("slow", "select * from t where a = $1")
    found = advice(Table({"slow": [(only(), 2000.0), (only(A), 20.0)]}), analysis(snapshot([T]), broken, slow))
    assert [chosen.name for chosen in found.chosen] == ["t_a_idx"]


def test_a_gin_index_that_the_engine_cannot_cost_is_possible() -> None:
    key = IndexKey(column="data", opclass="jsonb_path_ops")
    gin = CandidateIndex(table=A.table, method="gin", keys=(key,))
    whatif = Table({"s": [(only(), 2000.0)]}, {gin: "GIN is unknown here"})
    found = advice(whatif, analysis(snapshot([T]), statement("s", "select * from t where data @> $1")))
    assert found.possible == (
        PossibleIndex(
            sql="CREATE INDEX CONCURRENTLY t_data_gin_idx ON public.t USING gin (data jsonb_path_ops)",
            reason="the what-if planner (table) cannot cost it: GIN is unknown here",
            evidence={"channel": "text"},
        ),
    )


SKEWED = statistics("t", "state", 3, most_common_vals="{done,secret,new}", most_common_freqs=(0.95, 0.03, 0.02))


def test_a_partial_index_for_a_hidden_value_is_possible_and_names_no_value() -> None:
    queue = statement("q", "select * from t where state = $1 order by b limit 5")
    found = advice(Table({"q": [(only(), 2000.0)]}), analysis(snapshot([T], (), [SKEWED]), queue))
    (possible,) = found.possible
    assert possible.sql == "CREATE INDEX CONCURRENTLY t_b_partial_idx ON public.t (b) WHERE state = '<value>'"
    assert possible.evidence == {"channel": "statistics", "statement": "q"}
    assert possible.reason.startswith(
        "state has 3 values, one of them in 95% of the rows: if the statement always asks"
    )
    assert "secret" not in str(found)


@pytest.mark.parametrize(("share", "told"), [(0.95, "95%"), (0.9942, "99.4%"), (0.99996, "over 99.9%")])
def test_what_is_not_all_of_the_rows_is_not_said_to_be(share: float, told: str) -> None:
    queue = statement("q", "select * from t where state = $1 order by b limit 5")
    skewed = statistics("t", "state", 2, most_common_vals="{done,new}", most_common_freqs=(share, 1 - share))
    (possible,) = advice(Table({"q": [(only(), 2000.0)]}), analysis(snapshot([T], (), [skewed]), queue)).possible
    assert f"one of them in {told} of the rows" in possible.reason


def test_a_cheap_statement_needs_no_partial_index() -> None:
    queue = statement("q", "select * from t where state = $1 order by b limit 5")
    assert advice(Table({"q": [(only(), 20.0)]}), analysis(snapshot([T], (), [SKEWED]), queue)).possible == ()


def test_a_budget_is_kept() -> None:
    slow = statement("slow", "select * from t where a = $1")
    whatif = Table({"slow": [(only(), 2000.0), (only(A), 20.0)]})
    assert advice(whatif, analysis(snapshot([T]), slow), budget_bytes=1000).chosen == ()


def test_duplicates_go() -> None:
    snap = snapshot([T], [index("old", "t", "a", oid=1), index("new", "t", "a", oid=2)])
    found = advice(Table({"s": [(only(), 8.0)]}), analysis(snap, statement("s", "select * from t where a = $1")))
    assert [dropped.sql for dropped in found.dropped] == ["DROP INDEX CONCURRENTLY public.new"]


@pytest.mark.parametrize(
    ("fidelity", "origin", "confidence"),
    [
        (Fidelity(same_shape=True, cost_server=100.0, cost_clone=101.0), "pg_stats", "high"),
        (Fidelity(same_shape=True, cost_server=100.0, cost_clone=101.0), "default", "medium"),
        (Fidelity(same_shape=False, cost_server=100.0, cost_clone=120.0), "pg_stats", "medium"),
        (Fidelity(same_shape=False, cost_server=100.0, cost_clone=400.0), "pg_stats", "low"),
        (None, "pg_stats", "medium"),
    ],
)
def test_confidence_is_that_of_the_clone_and_the_values(
    fidelity: Fidelity | None, origin: str, confidence: str
) -> None:
    slow = statement("slow", "select * from t where a = $1")
    given = analysis(snapshot([T]), slow, sets=[ValueSet(name="typical", origin=origin, values=("1",))])
    plans = {"slow": msgspec.structs.replace(given.plans["slow"], fidelity=fidelity)}
    found = advice(Table({"slow": [(only(), 2000.0), (only(A), 20.0)]}), msgspec.structs.replace(given, plans=plans))
    assert found.chosen[0].confidence == confidence


def test_conditions_of_a_plan_serve_a_statement_that_no_parser_takes() -> None:
    odd = statement("odd", "select frobnicate all from ((t")
    given = analysis(snapshot([T]), odd)
    node = PlanNode(
        node_type="Seq Scan", startup_cost=0, total_cost=2000, plan_rows=1, plan_width=8, relation="t", alias="x",
        filter="((a = ?) AND (b > ?))",
    )  # fmt: skip
    plan = StatementPlan(
        source="server", parameters=PlanParameters("literal", "literal"), executed=False, total_cost=2000.0,
        plan=Plan(root=node),
    )  # fmt: skip
    plans = {"odd": msgspec.structs.replace(given.plans["odd"], plans=(plan,))}
    whatif = Table({"odd": [(only(), 2000.0), (only(AB), 20.0)]})
    (chosen,) = advice(whatif, msgspec.structs.replace(given, plans=plans)).chosen
    assert (chosen.columns, chosen.evidence["channel"]) == (("a", "b"), "plan")


def test_value_sets_are_averaged_the_first_twice_the_generic_plan_only_alone() -> None:
    def made(name: str, *values: str) -> ValueSet:
        return ValueSet(name=name, origin="pg_stats", values=values)

    generic = ValueSet(name="generic", origin="generic")
    typical, common, rare = made("typical", "1"), made("common", "1"), made("rare", "2")
    found = weighted([typical, common, rare, generic])
    assert [(each.name, weight) for each, weight in found] == [("typical", 2 / 3), ("rare", 1 / 3)]
    seen = ValueSet(name="literal", origin="sample", values=("3",))
    assert [weight for _, weight in weighted([seen, typical, rare])] == [4 / 6, 1 / 6, 1 / 6]
    assert weighted([generic]) == ((generic, 1.0),)
    assert weighted([LITERAL]) == ((LITERAL, 1.0),)
