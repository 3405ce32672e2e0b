"""A small shop as an analysis: tables with keys and statistics, statements by text, plans as EXPLAIN prints them."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import (
    Catalog,
    Column,
    Constraint,
    Index,
    IndexKey,
    Relation,
    RelationKind,
    RelationName,
)
from pgtune_cli.model.plan import PlanParameters, StatementPlan, StatementPlans
from pgtune_cli.model.snapshot import (
    ColumnStatistics,
    IndexUsage,
    Server,
    Snapshot,
    TableUsage,
    Usage,
    Workload,
)
from pgtune_cli.model.statement import Statement

TABLES: dict[str, tuple[float, dict[str, str]]] = {
    "customers": (100_000, {"id": "bigint!", "email": "text!", "ref": "character varying(20)", "note": "text"}),
    "orders": (
        300_000,
        {"id": "bigint!", "customer_id": "bigint!", "status": "text!", "placed_at": "timestamp with time zone!",
         "payload": "jsonb"},
    ),
    "tiny": (20, {"id": "integer!", "name": "text"}),
}  # fmt: skip


def name(table: str) -> RelationName:
    return RelationName("public", table)


def index(oid: int, table: str, *columns: str, **more: Any) -> Index:
    title = more.pop("name", f"{table}_{'_'.join(columns)}_idx")
    keys = tuple(IndexKey(expression=c[1:-1]) if c[0] == "(" else IndexKey(column=c) for c in columns)
    return Index(
        oid=oid, schema="public", name=title, table=name(table), method=more.pop("method", "btree"), keys=keys,
        definition=f"CREATE INDEX {title} ON public.{table} USING btree ({', '.join(columns)})", relpages=400, **more,
    )  # fmt: skip


INDEXES = (
    index(1, "customers", "id", name="customers_pkey", unique=True, primary=True, constraint="customers_pkey"),
    index(2, "orders", "id", name="orders_pkey", unique=True, primary=True, constraint="orders_pkey"),
    index(3, "tiny", "id", name="tiny_pkey", unique=True, primary=True, constraint="tiny_pkey"),
    index(4, "orders", "placed_at"),
    index(5, "customers", "ref", name="customers_ref_key", unique=True, constraint="customers_ref_key"),
)
FOREIGN_KEY = Constraint(
    name="orders_customer_id_fkey", table=name("orders"), type="f", definition="", columns=("customer_id",),
    references=name("customers"), referenced_columns=("id",),
)  # fmt: skip


def _relation(oid: int, table: str) -> Relation:
    rows, columns = TABLES[table]
    return Relation(
        oid=oid, schema="public", name=table, kind=RelationKind.TABLE, reltuples=rows, relpages=max(int(rows / 50), 1),
        columns=tuple(
            Column(attnum=number, name=column, type=kind.rstrip("!"), not_null=kind.endswith("!"),
                   storage="x" if kind.startswith(("text", "jsonb", "char")) else "p")
            for number, (column, kind) in enumerate(columns.items(), start=1)
        ),
    )  # fmt: skip


def statistics(table: str, column: str, **more: Any) -> ColumnStatistics:
    fields = {"null_frac": 0.0, "avg_width": 8, "n_distinct": -1.0, **more}
    return ColumnStatistics(schema="public", table=table, column=column, **fields)


class Shop:
    """Builds analyses; what is given comes on top of the shop's own."""

    index = staticmethod(index)
    statistics = staticmethod(statistics)
    name = staticmethod(name)

    def analysis(
        self,
        *statements: Statement,
        indexes: Sequence[Index] = (),
        constraints: Sequence[Constraint] = (FOREIGN_KEY,),
        statistics: Sequence[ColumnStatistics] = (),
        tables: Sequence[TableUsage] = (),
        index_usage: Sequence[IndexUsage] = (),
        plans: dict[str, Any] | None = None,
        **snapshot: Any,
    ) -> Analysis:
        relations = tuple(_relation(number, table) for number, table in enumerate(TABLES, start=100))
        catalog = Catalog(relations=relations, indexes=(*INDEXES, *indexes), constraints=tuple(constraints))
        fields: dict[str, Any] = {
            "server": Server(version_num=180000, version="18.0", database="shop", user="reader"),
            "workload": Workload(source="pg_stat_statements"),
            "usage": Usage(days=30.0, tables=tuple(tables), indexes=tuple(index_usage)),
            **snapshot,
        }
        return Analysis(
            snapshot=Snapshot(pgtune_version="0", catalog=catalog, statistics=tuple(statistics), **fields),
            statements=statements,
            plans={key: self.plans(key, document) for key, document in (plans or {}).items()},
        )

    def statement(self, query: str, fingerprint: str = "a" * 16, **more: Any) -> Statement:
        fields = {"calls": 100, "total_exec_time_ms": 1000.0, "mean_exec_time_ms": 10.0, "rows": 100, **more}
        return Statement(fingerprint=fingerprint, query=query, **fields)

    def plans(self, fingerprint: str, document: dict[str, Any]) -> StatementPlans:
        plan = parse_plan([{"Plan": document}])
        made = StatementPlan(
            source="server", parameters=PlanParameters("typical", "pg_stats"), executed="Actual Rows" in document,
            total_cost=plan.total_cost, plan=plan,
        )  # fmt: skip
        return StatementPlans(fingerprint=fingerprint, plans=(made,))

    def node(self, node_type: str, table: str | None = None, **more: Any) -> dict[str, Any]:
        costs = {"Startup Cost": 0.0, "Total Cost": 100.0, "Plan Rows": 10, "Plan Width": 8}
        reads = {"Relation Name": table, "Schema": "public", "Alias": table} if table else {}
        return {
            "Node Type": node_type,
            **costs,
            **reads,
            **{key.replace("_", " "): value for key, value in more.items()},
        }


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def as_dict() -> Callable[[msgspec.Struct], dict[str, Any]]:
    return msgspec.structs.asdict
