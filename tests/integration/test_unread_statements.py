"""Statements that no parser takes: they are planned all the same, and the advice for them comes from their plans."""

import asyncio
from typing import Any

import msgspec
import pytest
from support import corpus

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.sql.parse import parse
from pgtune_cli.whatif.clone import open_clone

pytestmark = pytest.mark.pg
UNREAD = {
    "select * from big where tenant = $1 and ip <<= $2": "(tenant",
    "select * from big b where $1 >>= b.ip and b.parent = $2 order by id using >": "(parent",
}


def test_advice_from_plans_alone(pg: Any) -> None:
    pg.execute(
        """create table big (id int primary key, tenant int, parent int, ip inet, pad text);
           insert into big select i, i % 3000, i / 2, '10.0.0.0'::inet + i, repeat('x', 80)
             from generate_series(1, 40000) i;"""
    )
    pg.execute("analyze big")
    assert [text for text in UNREAD if parse(text) is not None] == []

    async def main() -> None:
        connection = await connect(pg.dsn)
        snapshot = await collect(connection, CollectOptions())
        statements = tuple(
            msgspec.structs.replace(corpus.statement(text), calls=1000, total_exec_time_ms=1e5, mean_exec_time_ms=100.0)
            for text in UNREAD
        )
        plans = await explain_statements(connection, snapshot, statements, ExplainOptions(execute=False))
        await connection.close()
        for found in plans.values():
            assert found.prepared is not None
            assert found.prepared.value_sets[0].origin == "pg_stats"
        analysis = Analysis(snapshot=snapshot, statements=statements, plans=plans)
        async with open_clone(snapshot, binaries=find_binaries(major=18)) as clone:
            advice = await advise(analysis, clone, AdviseOptions())
        made = " ".join(index.sql for index in advice.chosen)
        for keys in UNREAD.values():
            assert keys in made, made

    asyncio.run(main())
