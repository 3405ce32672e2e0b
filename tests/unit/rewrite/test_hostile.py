"""A snapshot is a file that anyone may have written: what cannot be rewritten in it ends nothing."""

import asyncio
from collections.abc import Iterable, Sequence

from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Server, Snapshot, Workload
from pgtune_cli.model.statement import Prepared, Statement, ValueSet
from pgtune_cli.rewrite.rewrite import rewrite_statements
from pgtune_cli.whatif.protocol import Cost, CostRequest

QUERY = "SELECT count(*) > 0 FROM orders WHERE state = $1"


class NothingIsCheaper:
    engine = "clone"
    planner_calls = 0

    async def create(self, candidates: Iterable[CandidateIndex]) -> dict[CandidateIndex, int | str]:
        return dict.fromkeys(candidates, 8192)

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        return ["no"] * len(requests)


def rewritten(parameter_type: str) -> int:
    columns = (
        Column(attnum=1, name="id", type="integer", not_null=True),
        Column(attnum=2, name="state", type="text", not_null=True),
    )
    table = Relation(oid=1, schema="public", name="orders", kind=RelationKind.TABLE, columns=columns, reltuples=1e6)
    snapshot = Snapshot(
        pgtune_version="0", server=Server(version_num=180000, version="", database="d", user="u"),
        workload=Workload(source="workload"), catalog=Catalog(relations=(table,)),
    )  # fmt: skip
    statement = Statement(fingerprint="f", query=QUERY, calls=1, total_exec_time_ms=1, mean_exec_time_ms=1)
    values = ValueSet(name="typical", origin="pg_stats", values=("open",))
    prepared = Prepared(fingerprint="f", sql=QUERY, parameter_types=(parameter_type,), value_sets=(values,))
    plans = {"f": StatementPlans(fingerprint="f", prepared=prepared)}
    analysis = Analysis(snapshot=snapshot, statements=(statement,), plans=plans)
    return len(asyncio.run(rewrite_statements(analysis, whatif=NothingIsCheaper(), connection=None)))


def test_a_type_that_is_no_name_ends_the_rewrites_of_its_statement_alone() -> None:
    assert rewritten("text") == 1
    assert rewritten("text; '") == 0
