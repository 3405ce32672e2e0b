"""Why a clone may plan a statement otherwise: the first thing known to differ about what the statement touches."""

import re
from collections import defaultdict
from collections.abc import Iterable

from pgtune_cli.explain.derive import indexes_used
from pgtune_cli.model.catalog import Catalog, Index, Relation, RelationKind
from pgtune_cli.model.plan import Plan
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.whatif.clone.session import MAJOR
from pgtune_cli.whatif.clone.skip_scan import skip_scanned_indexes
from pgtune_cli.whatif.drift import SKIPS, conditions_of, drift
from pgtune_cli.whatif.lost_objects import LostObjects, Use
from pgtune_cli.whatif.mentions import Relevance, Words

RANGES_SHOWN_SINCE = 17
_SIMPLE = ("int4", "int8", "num", "ts", "tstz", "date")
BUILT_IN_RANGES = {f"{name}{kind}" for name in _SIMPLE for kind in ("range", "multirange")}
SYSTEM_CATALOGS = re.compile(r"\bpg_\w|\binformation_schema\b", re.IGNORECASE)
NO_PENDING = re.compile(r"fastupdate\s*=\s*'?(off|false|no|0)\b", re.IGNORECASE)


class Causes:
    """Of one clone."""

    def __init__(self, snapshot: Snapshot, lost: Iterable[Skipped]) -> None:
        self._catalog = snapshot.catalog
        self._lost = LostObjects(snapshot.catalog, lost)
        self._relevance = Relevance(snapshot.catalog)
        self._known = {(row.schema, row.table) for row in snapshot.statistics}
        self._histograms = {(row.schema, row.table, row.column) for row in snapshot.statistics if row.histogram_bounds}
        self._extended = {(one.schema, one.name) for one in snapshot.extended}
        self._ends = {(one.table, one.column) for one in snapshot.extremes}
        self._indexes: dict[str, list[Index]] = defaultdict(list)
        for index in snapshot.catalog.indexes:
            self._indexes[index.name].append(index)
        self._superuser = snapshot.server.superuser
        self._major = snapshot.server.version_num // 10000
        self._values = snapshot.values

    def of(self, sql: str, plans: tuple[Plan, Plan] | None = None) -> str:
        """`plans` are the source's and the clone's."""
        names = self._relevance.tables(sql)
        tables = tuple(relation for relation in self._catalog.relations if relation.relation_name in names)
        conditions = None if plans is None else "\n".join(map(conditions_of, plans))
        use = Use(
            sql, tables, conditions, frozenset(one.name for one in indexes_used(plans[0])) if plans else frozenset()
        )
        found = (
            self._lost.cause(use)
            or self._missing_statistics(use, plans)
            or _row_security(tables, self._catalog)
            or self._gin(tables, plans)
        )
        if found is not None:
            return found
        if SYSTEM_CATALOGS.search(sql):
            return "it reads the system catalogs, and the clone has its own"
        if not self._values:
            return "missing statistics: values of rows were left out of the snapshot"
        seen = self._drift(*plans) if plans is not None and self._major != MAJOR else None
        ends = self._missing_ends(use) if seen is None else None
        if self._major != MAJOR and ends is None:
            what = f": {seen}" if seen else ""
            return f"version drift: the source is PostgreSQL {self._major}, the clone {MAJOR}{what}"
        return ends or "not known; the data or their statistics may have changed in between"

    def _drift(self, source: Plan, clone: Plan) -> str | None:
        if self._major < MAJOR and skip_scanned_indexes(clone, self._indexes):
            return SKIPS
        return drift(source, clone, self._major, MAJOR)

    def _gin(self, tables: Iterable[Relation], plans: tuple[Plan, Plan] | None) -> str | None:
        """What the planner reads in the first page of such an index, no catalog shows."""
        used = {name.name for plan in plans or () for name in indexes_used(plan)}
        for index in (index for relation in tables for index in self._catalog.indexes_of(relation.relation_name)):
            if index.method != "gin" or (index.name not in used if plans else self._major != MAJOR):
                continue
            keys = f"how many keys the GIN index {index.index_name} holds"
            if NO_PENDING.search(index.definition):
                return f"{keys} is not shown by the source"
            return f"{keys} and what waits in its pending list is not shown by the source; VACUUM empties that list"
        return None

    def _missing_statistics(self, use: Use, plans: tuple[Plan, Plan] | None) -> str | None:
        """Every kind that is missing and may matter: which one it is, only the planner knows."""
        missing: list[str] = []
        words = use.words
        used = {name.name for plan in plans or () for name in indexes_used(plan)}
        for relation in use.tables:
            name = relation.relation_name
            if relation.kind in (RelationKind.VIEW, RelationKind.FOREIGN):
                continue
            if relation.columns and (name.schema, name.name) not in self._known and relation.pages != 0:
                missing.append(f"all of {name}")
                continue
            missing += self._of_expressions(relation, words, used)
            missing += self._of_combinations(relation, words)
            missing += self._of_ranges(relation, words)
        return f"missing statistics: {'; '.join(missing)}" if missing else None

    def _of_expressions(self, table: Relation, words: Words, used: set[str]) -> Iterable[str]:
        """Those of indexes are shown to the owner alone."""
        for index in self._catalog.indexes_of(table.relation_name):
            texts = [key.expression for key in index.keys if key.expression is not None]
            if not index.valid or not texts or (index.schema, index.name) in self._known:
                continue
            if index.name in used or any(_mentioned(_names_in(text, table), words) for text in texts):
                yield f"the expressions of index {index.index_name}"

    def _of_combinations(self, table: Relation, words: Words) -> Iterable[str]:
        """A superuser has seen all that there is; to others an object may be hidden, or never have been analyzed."""
        if self._superuser:
            return
        for one in self._catalog.extended_statistics:
            if one.table != table.relation_name or (one.schema, one.name) in self._extended:
                continue
            attributes = [[name] for name in one.columns] + [_names_in(text, table) for text in one.expressions]
            used = sum(_mentioned(names, words) for names in attributes)
            if used >= 2 or (one.expressions and used):
                yield f"the extended statistics {one.schema}.{one.name}"

    def _of_ranges(self, table: Relation, words: Words) -> Iterable[str]:
        """pg_stats leaves out the histograms of ranges before 17; a superuser reads them elsewhere."""
        if self._major >= RANGES_SHOWN_SINCE or self._superuser:
            return
        own = [user_type for user_type in self._catalog.types if user_type.kind == "r"]
        ranges = {one.name for one in own} | {one.multirange for one in own} | BUILT_IN_RANGES
        of_ranges = [column.name for column in table.columns if column.type.rpartition(".")[2] in ranges]
        if any(words.may_name(name) for name in of_ranges):
            yield f"those of ranges in {table.relation_name}, shown from 17 on"

    def _missing_ends(self, use: Use) -> str | None:
        """Of columns that are compared and lead a btree: the planner looks them up there."""
        words = use.words
        for relation in use.tables:
            for index in self._catalog.indexes_of(relation.relation_name):
                column = index.keys[0].column if index.method == "btree" and index.predicate is None else None
                if column is None or (relation.relation_name, column) in self._ends or not index.valid:
                    continue
                known = (relation.schema, relation.name, column) in self._histograms
                if known and (index.pages or 0) > 1 and words.may_name(column):
                    return f"the smallest and largest values of {relation.relation_name}.{column} were not read"
        return None


def _names_in(text: str, table: Relation) -> list[str]:
    words = Words([text])
    return [column.name for column in table.columns if words.may_name(column.name)]


def _mentioned(names: list[str], words: Words) -> bool:
    return bool(names) and all(words.may_name(name) for name in names)


def _row_security(tables: Iterable[Relation], catalog: Catalog) -> str | None:
    known = {policy.table for policy in catalog.policies}
    unread = sorted(str(one.relation_name) for one in tables if one.row_security and one.relation_name not in known)
    return f"row security: no policies of {unread[0]} could be read" if unread else None
