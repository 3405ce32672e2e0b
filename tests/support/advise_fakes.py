"""A small catalog, a workload and a table-driven what-if planner for the advisor's unit tests."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode, StatementPlans
from pgtune_cli.model.snapshot import ColumnStatistics, Server, Snapshot, Usage, Workload
from pgtune_cli.model.statement import Prepared, Statement, ValueSet
from pgtune_cli.whatif.protocol import Cost, CostRequest

LITERAL = ValueSet(name="literal", origin="literal")
PLAN = Plan(root=PlanNode(node_type="Result", startup_cost=0, total_cost=0, plan_rows=1, plan_width=0))


def table(name: str, columns: str, pages: int = 10_000, **more: object) -> Relation:
    """`columns` is "id integer, state text, …", NOT NULL each."""
    pairs = [part.strip().split(" ", 1) for part in columns.split(",")]
    made = [Column(attnum=n, name=pair[0], type=pair[1], not_null=True) for n, pair in enumerate(pairs, 1)]
    fields = {
        "kind": RelationKind.TABLE,
        "oid": 1,
        "schema": "public",
        "pages": pages,
        "reltuples": pages * 100.0,
        **more,
    }
    return Relation(name=name, columns=tuple(made), **fields)  # type: ignore[arg-type]


def keys(*names: str) -> tuple[IndexKey, ...]:
    """`a`, `a desc`, `lower(a)`."""
    return tuple(_key(name) for name in names)


def _key(text: str) -> IndexKey:
    descending = text.endswith(" desc")
    bare = text.removesuffix(" desc")
    named = {"expression": bare} if "(" in bare else {"column": bare}
    return IndexKey(descending=descending, nulls_first=descending, **named)  # type: ignore[arg-type]


def candidate(name: str, *names: str, **more: object) -> CandidateIndex:
    return CandidateIndex(table=RelationName("public", name), keys=keys(*names), **more)  # type: ignore[arg-type]


def index(name: str, table_name: str, *names: str, **more: object) -> Index:
    fields: dict[str, object] = {
        "oid": 100, "schema": "public", "method": "btree", "keys": keys(*names),
        "definition": f"CREATE INDEX {name} ON public.{table_name} USING btree ({', '.join(names)})", **more,
    }  # fmt: skip
    return Index(name=name, table=RelationName("public", table_name), **fields)  # type: ignore[arg-type]


def statistics(table_name: str, column: str, n_distinct: float = -0.1, **more: object) -> ColumnStatistics:
    fields: dict[str, object] = {"null_frac": 0.0, "avg_width": 8, **more}
    return ColumnStatistics(schema="public", table=table_name, column=column, n_distinct=n_distinct, **fields)  # type: ignore[arg-type]


def snapshot(
    relations: Iterable[Relation],
    indexes: Iterable[Index] = (),
    stats: Iterable[ColumnStatistics] = (),
    usage: Usage | None = None,
    source: str = "pg_stat_statements",
    **catalog: object,
) -> Snapshot:
    server = Server(version_num=180006, version="18.6", database="d", user="u", settings={"search_path": "public"})
    whole = Catalog(relations=tuple(relations), indexes=tuple(indexes), **catalog)  # type: ignore[arg-type]
    return Snapshot(
        pgtune_version="0", server=server, workload=Workload(source=source), catalog=whole, statistics=tuple(stats),
        usage=usage or Usage(),
    )  # fmt: skip


def statement(fingerprint: str, query: str, calls: int = 100, ms: float = 10.0, **more: object) -> Statement:
    return Statement(
        fingerprint=fingerprint, query=query, calls=calls, mean_exec_time_ms=ms, total_exec_time_ms=calls * ms, **more
    )  # type: ignore[arg-type]


def analysis(snap: Snapshot, *statements: Statement, sets: Sequence[ValueSet] = (LITERAL,)) -> Analysis:
    plans = {
        each.fingerprint: StatementPlans(
            fingerprint=each.fingerprint,
            prepared=Prepared(fingerprint=each.fingerprint, sql=each.query, value_sets=tuple(sets)),
        )
        for each in statements
    }
    return Analysis(snapshot=snap, statements=statements, plans=plans)


class Table(msgspec.Struct):
    """A what-if planner out of a table: statement, or statement:value set -> [(candidates needed, cost)]. The cheapest
    possible row wins."""

    rows: Mapping[str, Sequence[tuple[frozenset[CandidateIndex], float]]]
    sizes: Mapping[CandidateIndex, int | str] = {}
    size: int = 1 << 20
    dearer_hidden: Mapping[RelationName, float] = {}
    """hidden index -> factor on every cost."""
    engine: str = "table"
    planner_calls: int = 0

    async def create(self, candidates: Iterable[CandidateIndex]) -> dict[CandidateIndex, int | str]:
        return {each: self.sizes.get(each, self.size) for each in candidates}

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        self.planner_calls += len(requests)
        return [self._cost(request) for request in requests]

    def _cost(self, request: CostRequest) -> Cost | str:
        name = request.prepared.fingerprint
        rows = self.rows.get(f"{name}:{request.values.name}", self.rows.get(name))
        if rows is None:
            return "no such statement"
        possible = [(cost, len(needed), needed) for needed, cost in rows if needed <= request.indexes]
        cost, _, needed = min(possible, key=lambda row: row[:2])
        for hidden in request.hidden:
            cost *= self.dearer_hidden.get(hidden, 1.0)
        return Cost(total_cost=cost, plan=PLAN, used=needed)


def only(*wanted: CandidateIndex) -> frozenset[CandidateIndex]:
    return frozenset(wanted)
