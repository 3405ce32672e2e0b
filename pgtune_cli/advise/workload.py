"""The statements that indexes are chosen for, each with what it reads and how much it weighs."""

from collections.abc import Iterable

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.explain.derive import relations_used
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Constraint, RelationName
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import RARELY_ASKED, SEEN_ORIGINS, Prepared, Statement, ValueSet
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import Shape, shape

RECORD_WEIGHT, SEEN_WEIGHT = 2.0, 4.0
"""the values of record count as much as two other sets, those that were really sent as much as four"""


class Item(msgspec.Struct, frozen=True):
    """One statement that can be planned."""

    statement: Statement
    prepared: Prepared
    values: tuple[tuple[ValueSet, float], ...]
    """with their weights, which sum to 1."""
    shape: Shape | None
    relations: frozenset[RelationName]
    """what it reads, partitions and the tables of views included."""
    plans: StatementPlans
    foreign_key: Constraint | None = None
    """no statement of the workload: what the server asks by itself to keep it, never measured."""

    @property
    def derived(self) -> bool:
        return self.foreign_key is not None

    @property
    def fingerprint(self) -> str:
        return self.statement.fingerprint

    @property
    def called(self) -> str:
        """In a sentence."""
        return f"the look-ups of {self.fingerprint}" if self.derived else f"statement {self.fingerprint}"


def items(analysis: Analysis, facts: Facts) -> list[Item]:
    """Every statement that was prepared, costliest first."""
    found = (_item(statement, analysis, facts) for statement in analysis.statements)
    return [item for item in found if item is not None]


def parsed(text: str, facts: Facts) -> Shape | None:
    """The shape of a text under the server's search_path; None where it has none."""
    return shape(text, facts.snapshot.catalog, search_path_of(facts.snapshot.server))


def known_name(name: RelationName, facts: Facts) -> RelationName | None:
    """The relation of a plan node; a plan without VERBOSE leaves the schema out."""
    if name.schema:
        return name if name in facts.relations else None
    for schema in search_path_of(facts.snapshot.server):
        if RelationName(schema, name.name) in facts.relations:
            return RelationName(schema, name.name)
    elsewhere = [known for known in facts.relations if known.name == name.name]
    return elsewhere[0] if len(elsewhere) == 1 else None


def _item(statement: Statement, analysis: Analysis, facts: Facts) -> Item | None:
    plans = analysis.plans.get(statement.fingerprint)
    if plans is None or plans.prepared is None or not plans.prepared.value_sets:
        return None
    what = parsed(plans.prepared.sql, facts)
    names = {name for plan in plans.plans for name in relations_used(plan.plan)}
    read = {known for name in names if (known := known_name(name, facts)) is not None}
    read |= set(what.relations) if what is not None else set()
    return Item(
        statement,
        plans.prepared,
        weighted(plans.prepared.value_sets),
        what,
        frozenset(read | {facts.root(name) for name in read}),
        plans,
    )


def weighted(sets: Iterable[ValueSet]) -> tuple[tuple[ValueSet, float], ...]:
    """Weights that sum to 1; equal values count once. Generic, absent and NULL ones count where there are no others."""
    distinct = {each.values: each for each in reversed(list(sets))}
    ordered = sorted(distinct.values(), key=list(sets).index)
    chosen = [each for each in ordered if each.name not in RARELY_ASKED] or ordered
    weights = [SEEN_WEIGHT if each.origin in SEEN_ORIGINS else 1.0 for each in chosen]
    weights[0] = max(weights[0], RECORD_WEIGHT)
    return tuple((each, weight / sum(weights)) for each, weight in zip(chosen, weights, strict=True))
