"""How far the clone's plans are those of the source: same shape, cost within 5 %, or the reason why not."""

import re
from collections.abc import Iterable

import msgspec

from pgtune_cli.explain.derive import indexes_used, shape_of
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, Relation, RelationKind
from pgtune_cli.model.plan import Fidelity, Plan, StatementPlan, StatementPlans
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.whatif.clone import Clone
from pgtune_cli.whatif.clone.session import MAJOR
from pgtune_cli.whatif.drift import drift
from pgtune_cli.whatif.mentions import Relevance, Words
from pgtune_cli.whatif.protocol import Cost, CostRequest

TOLERANCE = 0.05
EXACT = 1e-4
TIE = "two plans cost the same, and the planner may take either"
RANGES_SHOWN_SINCE = 17
BUILT_IN_RANGES = {"int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"}
SYSTEM_CATALOGS = re.compile(r"\bpg_\w|\binformation_schema\b", re.IGNORECASE)
OF_SOURCE = ("server", "snapshot")
BY_NAME = ("type ", "function ", "operator ", "collation ", "extension ")
"""lost objects that belong to no table"""
OF_DATABASE = "collation of the database"
NO_PENDING = re.compile(r"fastupdate\s*=\s*'?(off|false|no|0)\b", re.IGNORECASE)
TEXTS = ("text", "character", "citext")


async def with_fidelity(analysis: Analysis, clone: Clone) -> Analysis:
    """The analysis with the clone's plan compared to the source's for each statement; the unplannable ones skipped."""
    of_source = {}
    for fingerprint, plans in analysis.plans.items():
        pair = _request(plans, analysis.snapshot.server.user)
        if pair is not None:
            of_source[fingerprint] = pair
    costs = await clone.costs([request for request, _ in of_source.values()])
    causes = Causes(clone.snapshot, clone.lost)
    compared, skipped = dict(analysis.plans), list(analysis.skipped)
    for (fingerprint, (request, plan)), cost in zip(of_source.items(), costs, strict=True):
        if isinstance(cost, str):
            skipped.append(Skipped(f"what-if plans of statement {fingerprint}", f"the clone cannot plan it: {cost}"))
            continue
        found = compare(plan, cost, causes, request.prepared.sql)
        compared[fingerprint] = msgspec.structs.replace(compared[fingerprint], fidelity=found)
    return msgspec.structs.replace(analysis, plans=compared, skipped=tuple(skipped))


def _request(plans: StatementPlans, login: str) -> tuple[CostRequest, StatementPlan] | None:
    """The plan of record on the source, and the same question for the clone."""
    if plans.prepared is None:
        return None
    sets = {values.name: values for values in plans.prepared.value_sets}
    for plan in plans.plans:
        if plan.source in OF_SOURCE and plan.parameters.name in sets:
            return CostRequest(prepared=plans.prepared, values=sets[plan.parameters.name], role=login), plan
    return None


def compare(source: StatementPlan, clone: Cost, causes: "Causes", sql: str) -> Fidelity:
    """Both planned with the same values. `reason` is None where shape and cost agree."""
    same_shape = shape_of(source.plan) == shape_of(clone.plan)
    tie = not same_shape and abs(clone.total_cost - source.total_cost) <= EXACT * source.total_cost
    close = abs(clone.total_cost - source.total_cost) <= TOLERANCE * max(source.total_cost, 0.01)
    return Fidelity(
        same_shape=same_shape,
        cost_server=source.total_cost,
        cost_clone=clone.total_cost,
        reason=None if same_shape and close else TIE if tie else causes.of(sql, (source.plan, clone.plan)),
    )


class Causes:
    """Why a clone may plan a statement otherwise: the first thing known to differ about what the statement touches."""

    def __init__(self, snapshot: Snapshot, lost: Iterable[Skipped]) -> None:
        self._catalog = snapshot.catalog
        self._lost = tuple(lost)
        self._relevance = Relevance(snapshot.catalog)
        self._known = {(row.schema, row.table) for row in snapshot.statistics}
        self._extended = {(one.schema, one.name) for one in snapshot.extended}
        self._superuser = snapshot.server.superuser
        self._major = snapshot.server.version_num // 10000
        self._values = snapshot.values

    def of(self, sql: str, plans: tuple[Plan, Plan] | None = None) -> str:
        """`plans` are the source's and the clone's."""
        names = self._relevance.tables(sql)
        tables = [relation for relation in self._catalog.relations if relation.relation_name in names]
        found = (
            self._lost_collation(sql, tables)
            or self._lost_object(sql, tables)
            or self._missing_statistics(sql, tables)
            or _row_security(tables, self._catalog)
            or self._gin(tables, plans)
        )
        if found is not None:
            return found
        if SYSTEM_CATALOGS.search(sql):
            return "it reads the system catalogs, and the clone has its own"
        if not self._values:
            return "missing statistics: values of rows were left out of the snapshot"
        if self._major != MAJOR:
            return self._drift(plans)
        return "not known; the data or their statistics may have changed in between"

    def _lost_object(self, sql: str, tables: list[Relation]) -> str | None:
        words = Words([sql, *(text for relation in tables for text in _texts(relation, self._catalog))])
        for lost in self._lost:
            of_table = any(str(relation.relation_name) in lost.what for relation in tables)
            by_name = lost.what.startswith(BY_NAME) and words.may_name(_bare_name(lost.what))
            if of_table or by_name:
                return f"{lost.what}: {lost.why}"
        return None

    def _lost_collation(self, sql: str, tables: list[Relation]) -> str | None:
        """Of a column that the statement names."""
        words = Words([sql])
        lost = {one.what: f"{one.what}: {one.why}" for one in self._lost if one.what.startswith("collation ")}
        for column in (column for relation in tables for column in relation.columns if lost):
            if not words.may_name(column.name):
                continue
            if column.collation is not None and f"collation {column.collation}" in lost:
                return lost[f"collation {column.collation}"]
            if column.collation is None and column.type.startswith(TEXTS) and OF_DATABASE in lost:
                return lost[OF_DATABASE]
        return None

    def _drift(self, plans: tuple[Plan, Plan] | None) -> str:
        seen = plans and drift(*plans, self._major, MAJOR)
        return f"version drift: the source is PostgreSQL {self._major}, the clone {MAJOR}" + (
            f": {seen}" if seen else ""
        )

    def _gin(self, tables: list[Relation], plans: tuple[Plan, Plan] | None) -> str | None:
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

    def _missing_statistics(self, sql: str, tables: list[Relation]) -> str | None:
        """Every kind that is missing and may matter: which one it is, only the planner knows."""
        missing: list[str] = []
        words = Words([sql, *(relation.view_definition or "" for relation in tables)])
        for relation in tables:
            name = relation.relation_name
            if relation.kind in (RelationKind.VIEW, RelationKind.FOREIGN):
                continue
            if relation.columns and (name.schema, name.name) not in self._known and relation.pages != 0:
                missing.append(f"all of {name}")
                continue
            missing += self._of_expressions(relation, words)
            missing += self._of_combinations(relation, words)
            missing += self._of_ranges(relation, words)
        return f"missing statistics: {'; '.join(missing)}" if missing else None

    def _of_expressions(self, table: Relation, words: Words) -> Iterable[str]:
        """Those of indexes are shown to the owner alone."""
        for index in self._catalog.indexes_of(table.relation_name):
            texts = [key.expression for key in index.keys if key.expression is not None]
            if not index.valid or not texts or (index.schema, index.name) in self._known:
                continue
            if any(_mentioned(_names_in(text, table), words) for text in texts):
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
        ranges = {user_type.name for user_type in self._catalog.types if user_type.kind == "r"} | BUILT_IN_RANGES
        of_ranges = [column.name for column in table.columns if column.type.rpartition(".")[2] in ranges]
        if any(words.may_name(name) for name in of_ranges):
            yield f"those of ranges in {table.relation_name}, shown from 17 on"


def _texts(relation: Relation, catalog: Catalog) -> Iterable[str]:
    yield relation.view_definition or ""
    for column in relation.columns:
        yield f"{column.type} {column.collation or ''} {column.default or ''}"
    yield from (index.definition for index in catalog.indexes_of(relation.relation_name))


def _names_in(text: str, table: Relation) -> list[str]:
    words = Words([text])
    return [column.name for column in table.columns if words.may_name(column.name)]


def _mentioned(names: list[str], words: Words) -> bool:
    return bool(names) and all(words.may_name(name) for name in names)


def _bare_name(what: str) -> str:
    """`function sales.slug(title text)` -> slug."""
    return what.partition(" ")[2].partition("(")[0].partition(".")[2] or what.partition(" ")[2]


def _row_security(tables: list[Relation], catalog: Catalog) -> str | None:
    known = {policy.table for policy in catalog.policies}
    unread = sorted(str(one.relation_name) for one in tables if one.row_security and one.relation_name not in known)
    return f"row security: no policies of {unread[0]} could be read" if unread else None
