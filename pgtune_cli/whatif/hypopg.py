"""HypoPG as a what-if planner: hypothetical indexes in a session of the source itself. Plain EXPLAIN only.

Hypothetical indexes live in the backend's memory; nothing is written. Known to be coarse: no deduplication in sizes,
no cost of descending a tree, no index methods besides btree, brin, hash and bloom.
"""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from pgtune_cli.collect.connection import MARK, Connection, PostgresError
from pgtune_cli.errors import ServerRefused, UsageError
from pgtune_cli.explain.derive import indexes_used
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.quote import qualified
from pgtune_cli.whatif.batch import Configuration, answer
from pgtune_cli.whatif.cost_cache import CostCache
from pgtune_cli.whatif.mentions import Relevance
from pgtune_cli.whatif.planning import mode_sql, plan_prepared, rolled_back
from pgtune_cli.whatif.protocol import Cost, CostRequest
from pgtune_cli.whatif.reason import reason_of

INSTALLED = f"""
SELECT {MARK} pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.string_to_array(substring(e.extversion FROM '^[0-9.]+'), '.')::pg_catalog.int4[] AS version
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
WHERE e.extname OPERATOR(pg_catalog.=) 'hypopg'"""
"""the role's search_path is in force, as the statements need it: nothing but PostgreSQL's own may be meant here."""

LEAVES = f"""
SELECT {MARK} n.nspname AS schema, c.relname AS name
FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) t
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE t.isleaf"""

HIDING_SINCE = [1, 4]


class HypopgWhatIf:
    """`catalog` tells which candidates can matter to a statement; without it each is asked about."""

    engine = "hypopg"

    def __init__(self, connection: Connection, catalog: Catalog | None = None) -> None:
        self.connection = connection
        self.planner_calls = 0
        self._cache = CostCache()
        self._relevance = Relevance(catalog) if catalog is not None else None
        self._table_of = {index.index_name: index.table for index in catalog.indexes} if catalog is not None else {}
        self._definitions: dict[CandidateIndex, tuple[str, ...]] = {}
        self._schema: str | None = None
        self._can_hide = False
        self._lock = asyncio.Lock()

    async def create(self, candidates: Iterable[CandidateIndex]) -> dict[CandidateIndex, int | str]:
        """The sizes that HypoPG estimates, in bytes. Raises ServerRefused where HypoPG is not installed."""
        async with self._lock:
            await self._find()
            return {candidate: await self._create(candidate) for candidate in dict.fromkeys(candidates)}

    async def _find(self) -> None:
        if self._schema is not None:
            return
        rows = await self.connection.fetch(INSTALLED)
        if not rows:
            raise ServerRefused("HypoPG is not installed in this database", "CREATE EXTENSION hypopg")
        self._schema, self._can_hide = rows[0]["schema"], list(rows[0]["version"]) >= HIDING_SINCE

    async def _create(self, candidate: CandidateIndex) -> int | str:
        try:
            definitions = await self._on_leaves(candidate)
            async with rolled_back(self.connection, read_only=True):
                oids = [(await self._hypothetical(definition))[0] for definition in definitions]
                total = sum([await self._size(oid) for oid in oids])
        except PostgresError as error:
            return reason_of(error)
        except (LookupError, ValueError) as error:
            return str(error)
        finally:
            await self._reset()
        self._definitions[candidate] = definitions
        return total

    async def _on_leaves(self, candidate: CandidateIndex) -> tuple[str, ...]:
        """HypoPG knows no partitioned indexes: one for each partition."""
        rows = await self.connection.fetch(LEAVES, qualified(candidate.table))
        tables = [RelationName(row["schema"], row["name"]) for row in rows] or [candidate.table]
        parts = [msgspec.structs.replace(candidate, table=table) for table in tables]
        return tuple(create_index_sql(part, "pgtune_candidate", concurrently=False) for part in parts)

    async def _hypothetical(self, definition: str) -> tuple[int, str]:
        rows = await self.connection.fetch(
            f"SELECT {MARK} indexrelid, indexname FROM {self._schema}.hypopg_create_index($1)", definition
        )
        if not rows:
            raise LookupError("HypoPG did not take the index")
        return rows[0]["indexrelid"], rows[0]["indexname"]

    async def _size(self, oid: int) -> int:
        size: int = await self.connection.fetchval(
            f"SELECT {MARK} {self._schema}.hypopg_relation_size($1::pg_catalog.oid)", oid
        )
        return size

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        async with self._lock:
            await self._find()
            return await answer(self, self._cache, requests)

    def narrowed(self, request: CostRequest) -> CostRequest:
        built = frozenset(candidate for candidate in request.indexes if candidate in self._definitions)
        if self._relevance is None:
            return msgspec.structs.replace(request, indexes=built)
        tables = self._relevance.tables(request.prepared.sql)
        indexes = frozenset(candidate for candidate in built if candidate.table in tables)
        hidden = frozenset(name for name in request.hidden if self._table_of.get(name) in tables)
        return msgspec.structs.replace(request, indexes=indexes, hidden=hidden)

    async def plan(self, configuration: Configuration, requests: Sequence[CostRequest]) -> list[Cost | str]:
        if configuration.hidden and not self._can_hide:
            return ["HypoPG hides existing indexes from version 1.4 on"] * len(requests)
        answers: list[Cost | str] = []
        while len(answers) < len(requests):
            try:
                async with rolled_back(self.connection, read_only=True):
                    await self._plan_some(configuration, requests[len(answers) :], answers)
            except PostgresError as error:
                answers.append(reason_of(error))
            except UsageError as error:
                answers.append(str(error))
        await self._reset()
        return answers

    async def _plan_some(
        self, configuration: Configuration, requests: Sequence[CostRequest], answers: list[Cost | str]
    ) -> None:
        await self.connection.execute(mode_sql(configuration.generic))
        await self._reset()
        names: dict[str, CandidateIndex] = {}
        for candidate in configuration.indexes:
            for definition in self._definitions.get(candidate, ()):
                _, name = await self._hypothetical(definition)
                names[name] = candidate
        for index in configuration.hidden:
            hide = f"SELECT {MARK} {self._schema}.hypopg_hide_index(to_regclass($1))"
            await self.connection.fetch(hide, qualified(index))
        for request in requests:
            self.planner_calls += 1
            plan = await plan_prepared(self.connection, request.prepared, request.values)
            used = frozenset(names[found.name] for found in indexes_used(plan) if found.name in names)
            answers.append(Cost(total_cost=plan.total_cost, plan=plan, used=used))

    async def _reset(self) -> None:
        """Hypothetical and hidden indexes outlive transactions."""
        try:
            await self.connection.fetch(f"SELECT {MARK} {self._schema}.hypopg_reset()")
            if self._can_hide:
                await self.connection.fetch(f"SELECT {MARK} {self._schema}.hypopg_unhide_all_indexes()")
        except PostgresError:
            return
