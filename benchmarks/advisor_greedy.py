"""Another way to choose, to hold the advice against: Extend (Schlosser, Kossmann, Boissier 2019), on the same what-if
planner. Every step adds the column, or appends it to an index that was taken, that saves most for its size; candidates
are all columns that the workload's texts name. No veto, no partial, covering or expression indexes, no bound."""

import os
import re
from pathlib import Path

import msgspec

from pgtune_cli.advise.costs import CostTable, StatementCost
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item, items
from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connect_options import options_of_dsn
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.runner import explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import IndexKey
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.statements import statements
from pgtune_cli.sql.workload_files import read_workload
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.protocol import WhatIf

WIDTH = 3
LEAST = 0.0005
"""of the workload as it is: what a step must save"""


async def greedy(dsn: str, workload: Path, budget: int | None) -> tuple[list[str], int, int]:
    """CREATE INDEX statements, planner calls, bytes as the planner sees them."""
    connection = await connect(options_of_dsn(dsn, os.environ))
    try:
        snapshot = msgspec.structs.replace(await collect(connection), workload=read_workload(workload))
        found = statements(snapshot)
        plans = await explain_statements(connection, snapshot, found, ExplainOptions(execute=False))
    finally:
        await connection.close()
    analysis = Analysis(snapshot=snapshot, statements=found, plans=plans)
    facts = Facts(snapshot)
    async with open_clone(snapshot, binaries=find_binaries(major=18)) as clone:
        chosen, sizes = await _Greedy(clone, facts, items(analysis, facts), budget).run()
        return [create_index_sql(each, f"greedy_{n}") for n, each in enumerate(chosen)], clone.planner_calls, sizes


class _Greedy:
    def __init__(self, clone: WhatIf, facts: Facts, queries: list[Item], budget: int | None) -> None:
        self._clone, self._facts, self._queries, self._budget = clone, facts, queries, budget
        self._costs, self._sizes = CostTable(clone), dict[CandidateIndex, int]()

    async def run(self) -> tuple[list[CandidateIndex], int]:
        chosen: frozenset[CandidateIndex] = frozenset()
        whole = now = await self._cost(chosen)
        singles = self._singles()
        while True:
            steps = [chosen | {each} for each in singles if each not in chosen]
            for taken in chosen:
                for each in singles:
                    if each.table == taken.table and len(taken.keys) < WIDTH and each.keys[0] not in taken.keys:
                        wider = msgspec.structs.replace(taken, keys=(*taken.keys, *each.keys))
                        steps.append((chosen - {taken}) | {wider})
            best, gain = None, 0.0
            await self._size({each for step in steps for each in step})
            for step in steps:
                size = self._bytes(step)
                if size is None or (self._budget is not None and size > self._budget):
                    continue
                cost = await self._cost(step)
                found = (now - cost) / max(size - (self._bytes(chosen) or 0), 8192)
                if now - cost >= LEAST * whole and found > gain:
                    best, gain, after = step, found, cost
            if best is None:
                return sorted(chosen, key=str), self._bytes(chosen) or 0
            chosen, now = best, after

    def _singles(self) -> list[CandidateIndex]:
        words = {word for item in self._queries for word in re.findall(r"\w+", item.statement.query.lower())}
        read = {name for item in self._queries for name in item.relations}
        keys = [
            (name, IndexKey(column=column.name))
            for name, relation in sorted(self._facts.relations.items())
            if name in read and self._facts.worth_indexing(name)
            for column in relation.columns
            if column.name in words
        ]
        return [CandidateIndex(table=name, keys=(key,)) for name, key in keys if self._facts.key_fits(name, key)]

    async def _size(self, wanted: set[CandidateIndex]) -> None:
        answers = await self._clone.create(sorted(wanted - self._sizes.keys(), key=str))
        self._sizes |= {each: size for each, size in answers.items() if isinstance(size, int)}

    def _bytes(self, chosen: frozenset[CandidateIndex]) -> int | None:
        return sum(self._sizes[each] for each in chosen) if chosen <= self._sizes.keys() else None

    async def _cost(self, chosen: frozenset[CandidateIndex]) -> float:
        answers = await self._costs.ask([(item, chosen) for item in self._queries])
        return sum(
            max(item.statement.calls, 1) * answer.cost
            for item, answer in zip(self._queries, answers, strict=True)
            if isinstance(answer, StatementCost)
        )
