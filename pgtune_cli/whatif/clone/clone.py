"""The statistics-only clone as a what-if planner: real plans and costs, for any set of candidate and hidden indexes."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError
from pgtune_cli.errors import EmbeddedServerError, UsageError
from pgtune_cli.explain.derive import indexes_used
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.catalog import Index, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.whatif.batch import Configuration, answer
from pgtune_cli.whatif.clone.candidates import Candidate, Workshop
from pgtune_cli.whatif.clone.item import SERVICE
from pgtune_cli.whatif.clone.new_statistics import planted
from pgtune_cli.whatif.clone.planner_settings import refusal, set_locally
from pgtune_cli.whatif.clone.roles import Roles
from pgtune_cli.whatif.clone.skip_scan import FIRST_VERSION, skip_scanned, skip_scanned_indexes, whole_scan_cost
from pgtune_cli.whatif.cost_cache import CostCache
from pgtune_cli.whatif.mentions import Relevance
from pgtune_cli.whatif.planning import is_generic, mode_sql, plan_prepared, rolled_back
from pgtune_cli.whatif.protocol import Cost, CostRequest, NewStatistics
from pgtune_cli.whatif.reason import ENDED, reason_of, was_ended

TOGGLES_BETWEEN_VACUUMS = 2000
"""each configuration leaves dead rows in pg_index"""
MAX_SKIPPED = 32
"""indexes of one statement that are looked at"""
SLOW_S, SLOW_IN_ALL_S = 1.0, 60.0
TOO_SLOW = f"it took the planner more than {SLOW_IN_ALL_S:.0f} s already"


SET_IF_KNOWN = """
SELECT pg_catalog.set_config(name, $2, $3) FROM pg_catalog.pg_settings
WHERE name = $1 AND context IN ('user', 'superuser')"""


class Clone:
    """Open one with `open_clone`. One caller at a time; `connection` is for PREPARE and plain EXPLAIN only."""

    engine = "clone"

    def __init__(
        self,
        snapshot: Snapshot,
        data_dir: Path,
        connection: Connection,
        admin: Connection,
        lost: tuple[Skipped, ...],
        roles: Roles,
        connected: Callable[[], Awaitable[Connection]],
    ) -> None:
        self.snapshot = snapshot
        self.data_dir = data_dir
        self.connection = connection
        self.lost = lost
        self.planner_calls = 0
        self.workshop: Workshop | None = None
        self._admin = admin
        self._roles = roles
        self._connected = connected
        self._cache = CostCache()
        self._candidates: dict[CandidateIndex, Candidate | str] = {}
        self._by_name: dict[str, CandidateIndex] = {}
        self._relevance = Relevance(snapshot.catalog)
        self._table_of = {index.index_name: index.table for index in snapshot.catalog.indexes}
        self._existing: dict[str, list[Index]] = defaultdict(list)
        for index in snapshot.catalog.indexes:
            self._existing[index.name].append(index)
        self._toggles = 0
        self._slow: dict[str, float] = defaultdict(float)
        self._lock = asyncio.Lock()

    async def create(self, candidates: Iterable[CandidateIndex]) -> dict[CandidateIndex, int | str]:
        """Build what is not there yet. The sizes are those of the model, in bytes."""
        asked = dict.fromkeys(candidates)
        async with self._lock:
            for candidate in asked:
                if candidate not in self._candidates:
                    await self._create(candidate)
        return {candidate: _size(self._candidates[candidate]) for candidate in asked}

    async def _create(self, candidate: CandidateIndex) -> None:
        assert self.workshop is not None
        built = await self.workshop.build(candidate)
        self._candidates[candidate] = built
        if isinstance(built, Candidate):
            self._by_name.update(dict.fromkeys(built.names, candidate))

    async def costs(self, requests: Sequence[CostRequest]) -> list[Cost | str]:
        async with self._lock:
            answers = await answer(self, self._cache, requests)
            if self.snapshot.server.version_num >= FIRST_VERSION:
                return answers
            return [await self._as_before_18(request, found) for request, found in zip(requests, answers, strict=True)]

    async def _as_before_18(self, request: CostRequest, found: Cost | str) -> Cost | str:
        """The answer without the indexes that only an 18 would search as it does."""
        while not isinstance(found, str):
            later = skip_scanned(found.plan, self._by_name) & request.indexes
            if not later:
                break
            request = msgspec.structs.replace(request, indexes=request.indexes - later)
            (found,) = await answer(self, self._cache, [request])
        return found if isinstance(found, str) else await self._read_whole(request, found)

    async def _read_whole(self, request: CostRequest, found: Cost) -> Cost:
        """An index that exists may be worth reading whole: it goes where the plan without it costs no more."""
        kept: set[RelationName] = set()
        for _ in range(MAX_SKIPPED):
            skipped = skip_scanned_indexes(found.plan, self._existing)
            index = next((one for name, one in skipped.items() if name not in kept | request.hidden), None)
            if index is None:
                break
            without = msgspec.structs.replace(request, hidden=request.hidden | {index.index_name})
            (other,) = await answer(self, self._cache, [without])
            whole = whole_scan_cost(index, self.snapshot.server.settings)
            if isinstance(other, str) or other.total_cost > found.total_cost + whole:
                kept.add(index.index_name)
            else:
                request, found = without, other
        return found

    async def costs_with(self, new: NewStatistics, requests: Sequence[CostRequest]) -> list[Cost | str]:
        """As costs(), with these statistics; nothing of it is kept."""
        async with self._lock:
            owner = await self._connected()
            try:
                async with planted(self._admin, owner, self.snapshot, new) as refused:
                    if refused is not None:
                        return [refused] * len(requests)
                    return [await self._planned(self.narrowed(request)) for request in requests]
            finally:
                owner.terminate()

    async def _planned(self, request: CostRequest) -> Cost | str:
        generic = is_generic(request.prepared, request.values)
        state = Configuration(request.indexes, request.hidden, generic, request.role, request.settings)
        return (await self.plan(state, [request]))[0]

    def narrowed(self, request: CostRequest) -> CostRequest:
        tables = self._relevance.tables(request.prepared.sql)
        indexes = frozenset(candidate for candidate in request.indexes if self._matters(candidate, tables))
        hidden = frozenset(name for name in request.hidden if self._table_of.get(name) in tables)
        role = self._roles.of(request.prepared.fingerprint, request.role, tables)
        return msgspec.structs.replace(request, indexes=indexes, hidden=hidden, role=role)

    def _matters(self, candidate: CandidateIndex, tables: frozenset[RelationName]) -> bool:
        return candidate.table in tables and isinstance(self._candidates.get(candidate), Candidate)

    async def plan(self, configuration: Configuration, requests: Sequence[CostRequest]) -> list[Cost | str]:
        """A statement that fails ends its transaction: the rest goes on in another."""
        answers: list[Cost | str] = []
        while len(answers) < len(requests):
            try:
                if self.connection.is_closed():
                    self.connection = await self._connected()
                async with rolled_back(self.connection):
                    await self.connection.execute(mode_sql(configuration.generic))
                    await self._show(configuration)
                    await self._become(self.connection, configuration.role)
                    await set_locally(self.connection, configuration.settings)
                    # what a function does while a statement is planned: nothing that stays
                    await self.connection.execute("SET TRANSACTION READ ONLY")
                    for request in requests[len(answers) :]:
                        answers.append(await self._cost(request))
            except (PostgresError, *LOST) as error:
                if was_ended(error):
                    self.connection.terminate()
                answers.append(ENDED if was_ended(error) else reason_of(error))
            except (UsageError, EmbeddedServerError) as error:
                answers.append(str(error))
        await self._tidy()
        return answers

    async def _cost(self, request: CostRequest) -> Cost | str:
        """A function that the planner calls may take its time: not again and again."""
        sql = request.prepared.sql
        if self._slow[sql] > SLOW_IN_ALL_S:
            return TOO_SLOW
        self.planner_calls += 1
        started = time.monotonic()
        try:
            plan = await plan_prepared(self.connection, request.prepared, request.values)
        finally:
            took = time.monotonic() - started
            self._slow[sql] += took if took > SLOW_S else 0
        names = {index.name for index in indexes_used(plan)}
        used = frozenset(self._by_name[name] for name in names if name in self._by_name)
        return Cost(total_cost=plan.total_cost, plan=plan, used=used)

    async def _show(self, configuration: Configuration) -> None:
        """Make the configuration's candidates valid and its hidden indexes invalid, for this transaction."""
        if not configuration.indexes and not configuration.hidden:
            return
        built = [self._candidates.get(candidate) for candidate in configuration.indexes]
        shown = [oid for candidate in built if isinstance(candidate, Candidate) for oid in candidate.oids]
        hidden = [qualified(name) for name in configuration.hidden]
        self._toggles += len(shown) + len(hidden)
        await self.connection.fetch(
            f"SELECT {SERVICE}.show($1::oid[], ARRAY(SELECT to_regclass(n)::oid FROM unnest($2::text[]) AS h(n)))",
            shown,
            hidden,
        )

    def role_of(self, fingerprint: str, sql: str) -> str | None:
        """Who runs this statement, where its plan depends on that."""
        return self._roles.of(fingerprint, None, self._relevance.tables(sql))

    @asynccontextmanager
    async def connected_as(self, role: str | None) -> AsyncIterator[Connection]:
        """A connection that plans for this role; None is the tables' owner. For PREPARE and plain EXPLAIN only."""
        connection = await self._connected()
        try:
            await self._become(connection, role, local=False)
            yield connection
        finally:
            connection.terminate()

    async def _become(self, connection: Connection, role: str | None, *, local: bool = True) -> None:
        """The role that runs the statements, with its settings; for this transaction, or for the connection."""
        if role is None:
            return
        for name, value in self._roles.settings_of(role).items():
            await connection.fetch(SET_IF_KNOWN, name, value, local)
        if self._roles.exists(role):
            await connection.fetch(f"SET {'LOCAL' if local else 'SESSION'} ROLE {quote_identifier(role)}")

    async def _tidy(self) -> None:
        if self._toggles >= TOGGLES_BETWEEN_VACUUMS:
            await self._admin.execute("VACUUM pg_catalog.pg_index")
            self._toggles = 0

    async def refusal(self, name: str, value: str) -> str | None:
        """Why the planner does not take this setting; None where it does."""
        async with self._lock:
            return await refusal(self.connection, name, value)

    def candidate_named(self, index: str) -> CandidateIndex | None:
        """The candidate that an index of a plan stands for."""
        return self._by_name.get(index)

    async def planned_rows(self, sql: str) -> float:
        """The planner's row estimate of a SELECT. Raises PostgresError."""
        self.planner_calls += 1
        return parse_plan(await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}")).root.plan_rows


def _size(candidate: Candidate | str) -> int | str:
    return candidate if isinstance(candidate, str) else candidate.size_bytes
