"""Extended statistics into the clone. PostgreSQL 18 can restore none, so its catalog is written.

Nothing of the snapshot is written there but numbers. Lists of common values are made by the server itself, from a
table of the owner's that holds each combination once; then each item gets its true frequency. Statistics of
expressions are restored as those of the columns of another such table.
"""

import struct
from collections.abc import Mapping, Sequence

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import ExtendedStatistics
from pgtune_cli.model.extended import Attribute, CommonRow, ExtendedData
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.whatif.clone.common_values import patched
from pgtune_cli.whatif.clone.statistics import restore_expressions
from pgtune_cli.whatif.reason import reason_of

DISTINCT_MAGIC, DEPENDENCIES_MAGIC, BASIC = 0xA352BFA4, 0xB4549A2C, 1
SCRATCH = "pgtune_scratch"
ALL_VALUES = 10_000
"""the largest statistics target: no combination is left out"""

OBJECTS = """
SELECT n.nspname AS schema, s.stxname AS name, s.oid, a.attname AS column, a.attnum AS number,
  format('%I.%I', tn.nspname, t.relname) AS table, pg_get_statisticsobjdef_expressions(s.oid) AS expressions
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_class t ON t.oid = s.stxrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys::int2[])
ORDER BY s.oid, a.attnum"""

WRITE = """
INSERT INTO pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies, stxdmcv, stxdexpr)
VALUES ($1, $2, $3::bytea::pg_ndistinct, $4::bytea::pg_dependencies, $5::bytea::pg_mcv_list,
  CASE WHEN $6::int > 0 THEN ARRAY(
    SELECT s FROM generate_series(1, $6) k LEFT JOIN pg_statistic s ON s.starelid = $7 AND s.staattnum = k
    ORDER BY k) END)"""
TYPES = ("pg_ndistinct", "pg_dependencies", "pg_mcv_list")


class _Object(msgspec.Struct):
    """A statistics object as the clone has it: data of any other type would be read as what it is not."""

    oid: int
    table: str
    """qualified and quoted."""
    expressions: list[str]
    numbers: dict[str, int]


class Refused(ValueError):
    """Why a part of the data cannot be restored."""


async def restore_extended(admin: Connection, owner: Connection, snapshot: Snapshot) -> list[Skipped]:
    """What the source had collected for the statistics objects that the clone has."""
    wanted = {(one.schema, one.name): one for one in snapshot.catalog.extended_statistics}
    data = [one for one in snapshot.extended if (one.schema, one.name) in wanted]
    if not data:
        return []
    objects = await _objects(admin)
    lost = []
    for one in data:
        found = objects.get((one.schema, one.name))
        if found is not None:  # else its definition is named as lost
            work = _Restore(admin, owner, wanted[one.schema, one.name], one, found)
            lost += [Skipped(f"extended statistics {one.schema}.{one.name}", why) for why in await work.run()]
    return lost


async def _objects(admin: Connection) -> Mapping[tuple[str, str], _Object]:
    found: dict[tuple[str, str], _Object] = {}
    for row in await admin.fetch(OBJECTS):
        known = found.setdefault(
            (row["schema"], row["name"]), _Object(row["oid"], row["table"], row["expressions"] or [], {})
        )
        if row["column"] is not None:
            known.numbers[row["column"]] = row["number"]
    return found


class _Restore:
    """One row of pg_statistic_ext_data."""

    def __init__(
        self,
        admin: Connection,
        owner: Connection,
        statistics: ExtendedStatistics,
        data: ExtendedData,
        found: _Object,
    ) -> None:
        self._admin, self._owner = admin, owner
        self._statistics, self._data, self._found = statistics, data, found

    async def run(self) -> list[str]:
        """What could not be restored, and why."""
        lost = []
        common: bytes | None = None
        expressions, scratch = 0, 0
        if self._data.common:
            try:
                common = await self._common()
            except (PostgresError, ValueError) as error:
                lost.append(f"its common values were refused: {_why(error)}")
            finally:
                await self._drop()
        try:
            if self._data.expressions:
                try:
                    expressions, scratch = await self._expressions()
                except (PostgresError, ValueError) as error:
                    lost.append(f"the statistics of its expressions were refused: {_why(error)}")
            try:
                await self._write(common, expressions, scratch)
            except PostgresError as error:
                lost.append(reason_of(error))
        finally:
            await self._drop()
        return lost

    async def _write(self, common: bytes | None, expressions: int, scratch: int) -> None:
        """The casts are seen by this transaction alone: nobody else may make such a value of any bytes."""
        distinct = [(one.attributes, one.count) for one in self._data.distinct]
        dependencies = [(one.attributes, one.degree) for one in self._data.dependencies]
        async with self._admin.transaction():
            for name in TYPES:
                await self._admin.execute(f"CREATE CAST (bytea AS pg_catalog.{name}) WITHOUT FUNCTION")
            await self._admin.fetch(
                WRITE,
                self._found.oid,
                self._data.inherited,
                self._packed(DISTINCT_MAGIC, "i", distinct),
                self._packed(DEPENDENCIES_MAGIC, "h", dependencies),
                common,
                expressions,
                scratch,
            )
            for name in TYPES:
                await self._admin.execute(f"DROP CAST (bytea AS pg_catalog.{name})")

    def _packed(self, magic: int, count: str, items: Sequence[tuple[tuple[Attribute, ...], float]]) -> bytes | None:
        """The serialized form (statistics/mvdistinct.c, dependencies.c)."""
        numbered = [(self._numbers(attributes), value) for attributes, value in items]
        known = [(numbers, value) for numbers, value in numbered if numbers is not None]
        if not known:
            return None
        data = struct.pack("<III", magic, BASIC, len(known))
        for numbers, value in known:
            data += struct.pack(f"<d{count}{len(numbers)}h", value, len(numbers), *numbers)
        return data

    def _numbers(self, attributes: tuple[Attribute, ...]) -> list[int] | None:
        numbers = []
        for attribute in attributes:
            number = self._found.numbers.get(attribute) if isinstance(attribute, str) else -attribute
            if number is None or number < -len(self._found.expressions):
                return None
            numbers.append(number)
        return numbers if len(set(numbers)) == len(numbers) else None

    async def _common(self) -> bytes:
        columns = [quote_identifier(name) for name in self._found.numbers]
        columns += [f"({text})" for text in self._found.expressions]
        rows = self._data.common
        if any(len(row.values) != len(columns) for row in rows):
            raise Refused("they are of other columns")
        types = await self._scratch(columns)
        await self._fill(types, rows)
        await self._owner.execute(f"SET default_statistics_target = {ALL_VALUES}")
        try:
            await self._owner.fetch(f"CREATE STATISTICS (mcv) ON {_places(types)} FROM pg_temp.{SCRATCH}")
            await self._owner.fetch(f"ANALYZE pg_temp.{SCRATCH}")
        finally:
            await self._owner.execute("RESET default_statistics_target")
        return await self._with_frequencies(types, rows)

    async def _fill(self, types: Sequence[str], rows: Sequence[CommonRow]) -> None:
        values = ", ".join(f"v{place}::{kind}" for place, kind in enumerate(types))
        arrays = ", ".join(f"${place + 1}::text[]" for place in range(len(types)))
        names = ", ".join(f"v{place}" for place in range(len(types)))
        sql = f"INSERT INTO pg_temp.{SCRATCH} SELECT {values} FROM unnest({arrays}) AS r({names})"
        await self._owner.fetch(sql, *(list(column) for column in zip(*(row.values for row in rows), strict=True)))

    async def _with_frequencies(self, types: Sequence[str], rows: Sequence[CommonRow]) -> bytes:
        """The items are in an order of the server's own: told apart by their values, as this session prints both."""
        printed = ", ".join(f"CASE WHEN c{i} IS NOT NULL THEN format('%s', c{i}) END" for i in range(len(types)))
        stored = await self._owner.fetch(
            f"SELECT ARRAY[{printed}] AS row FROM pg_temp.{SCRATCH} ORDER BY ctid"  # as they were put in
        )
        items = await self._owner.fetch(
            "SELECT most_common_vals AS items FROM pg_catalog.pg_stats_ext WHERE tablename = $1"
            " AND schemaname = (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_my_temp_schema())",
            SCRATCH,
        )
        data = await self._admin.fetchval(
            "SELECT stxdmcv::bytea FROM pg_statistic_ext_data JOIN pg_statistic_ext ON oid = stxoid"
            " WHERE stxrelid = $1",
            await self._scratch_oid(),
        )
        if not items or items[0]["items"] is None or data is None:
            raise Refused("no list was made of them")
        known = {tuple(found["row"]): row for found, row in zip(stored, rows, strict=True)}
        ordered = [known.get(tuple(item)) for item in items[0]["items"]]
        if any(row is None for row in ordered):
            raise Refused("their values are printed otherwise here")
        return patched(data, len(types), [(row.frequency, row.base_frequency) for row in ordered if row is not None])

    async def _expressions(self) -> tuple[int, int]:
        """How many, and the table that has their statistics for its columns."""
        of_source, here = self._statistics.expressions, self._found.expressions
        known = {one.expression: one for one in self._data.expressions}
        if len(of_source) != len(here) or not any(text in known for text in of_source):
            raise Refused("they are of other expressions")
        await self._scratch([f"({text})" for text in here])
        schema = await self._owner.fetchval(
            "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE oid = pg_my_temp_schema()"
        )
        columns = {f"c{place}": known[text] for place, text in enumerate(of_source) if text in known}
        if await restore_expressions(self._owner, schema, SCRATCH, columns):
            raise Refused("their values do not fit")
        return len(here), await self._scratch_oid()

    async def _scratch(self, columns: Sequence[str]) -> list[str]:
        """An empty table of these columns of the statistics' table, named c0, c1, …; their types."""
        listed = ", ".join(f"{text} AS c{place}" for place, text in enumerate(columns))
        await self._owner.fetch(f"CREATE TEMP TABLE {SCRATCH} AS SELECT {listed} FROM {self._found.table} WHERE false")
        rows = await self._owner.fetch(
            "SELECT pg_catalog.format_type(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute"
            " WHERE attrelid = $1 AND attnum > 0 ORDER BY attnum",
            await self._scratch_oid(),
        )
        return [row["type"] for row in rows]

    async def _scratch_oid(self) -> int:
        oid: int = await self._owner.fetchval(f"SELECT 'pg_temp.{SCRATCH}'::regclass::oid")
        return oid

    async def _drop(self) -> None:
        await self._owner.execute(f"DROP TABLE IF EXISTS pg_temp.{SCRATCH}")


def _places(types: Sequence[str]) -> str:
    return ", ".join(f"c{place}" for place in range(len(types)))


def _why(error: PostgresError | ValueError) -> str:
    return str(error) if isinstance(error, ValueError) else reason_of(error)
