"""pgtune's own scans of indexes, so that an index that pgtune alone used still counts as unused.

A server counts the scans of executed plans, of proofs, of look-ups of the smallest and largest values, and those that
the planner makes to find the ends of an index. Where the role may turn the counters off there are none. Elsewhere a
transaction's are read at its begin and its end: within it nothing is sent to the counters that all see.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError, count_scans, place_of, scans_of
from pgtune_cli.collect.queries import query
from pgtune_cli.collect.reader import UNREADABLE, Reader
from pgtune_cli.collect.scan_file import Counters, ScanFile
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Usage


class OwnScans:
    """Counts the scans of one session from the end of the transaction in which it begins."""

    def __init__(self, before: Mapping[int, int]) -> None:
        self._before = before
        self._file: ScanFile | None = None
        self._known: dict[int, int] = {}
        self._unused: list[int] | None = None
        self._by_workers: Counter[int] = Counter()

    @classmethod
    async def start(cls, reader: Reader) -> "OwnScans | None":
        """As the first thing in a transaction. None where they cannot be counted."""
        known = scans_of(reader.connection)
        if isinstance(known, cls):
            return known
        try:
            rows = await reader.attempt("counted_scans", None)
        except UNREADABLE:
            return None
        return cls({row["oid"]: row["scans"] for row in rows})

    async def subtracted(self, reader: Reader, usage: Usage, folder: Path, oids: Mapping[RelationName, int]) -> Usage:
        """With the own scans of earlier runs; those of this session count from here on."""
        if self._file is None:
            try:
                counters = await _counters(reader)
            except UNREADABLE:
                return usage
            if counters is None:
                return usage
            self._file = ScanFile(folder, counters)
            self._known = self._file.open(frozenset(oids.values()))
            count_scans(reader.connection, self)
        found = [
            msgspec.structs.replace(one, own_scans=min(self._known.get(oids.get(one.index, 0), 0), one.idx_scan))
            for one in usage.indexes
        ]
        # an index that the application used stays used: how often pgtune scans it makes no difference
        self._unused = [oids[one.index] for one in found if not one.application_scans and one.index in oids]
        return msgspec.structs.replace(usage, indexes=tuple(found))

    async def begin(self, connection: Connection) -> None:
        self._by_workers.clear()
        self._before = await self._counted(connection)

    async def end(self, connection: Connection) -> None:
        after = await self._counted(connection)
        scans = {
            oid: max(after.get(oid, 0) - self._before.get(oid, 0), self._by_workers[oid])
            for oid in after.keys() | self._by_workers.keys()
        }
        found = {oid: number for oid, number in scans.items() if number > 0}
        if found and self._file is not None:
            self._file.add(found)

    async def so_far(self, connection: Connection) -> dict[int, int]:
        """Those of the transaction that is open."""
        try:
            after = await self._counted(connection)
        except PostgresError:
            return {}
        return {oid: number - self._before.get(oid, 0) for oid, number in after.items()}

    def with_workers(self, scans: Mapping[int, int]) -> None:
        """All that a parallel plan says were made: a worker's are in counters of its own."""
        unused = set(self._unused or ())
        self._by_workers.update({oid: number for oid, number in scans.items() if oid in unused})

    async def _counted(self, connection: Connection) -> dict[int, int]:
        if self._unused is not None and not self._unused:
            return {}
        rows = await connection.fetch(query("counted_scans").text, self._unused)
        return {row["oid"]: row["scans"] for row in rows}


async def _counters(reader: Reader) -> Counters | None:
    """None where nothing tells which server this is. Raises what the reader finds unreadable."""
    row = (await reader.attempt("counters_identity"))[0]
    place = place_of(reader.connection)
    try:
        system = (await reader.attempt("system_identity"))[0]
        place = f"{system['system']}/{system['timeline']}"
    except UNREADABLE:
        pass
    return None if place is None else Counters(place, row["database"], row["reset"], row["commits"])
