"""The kinds of subjects, and how those of an analysis are found. Facts are computed here and never by a rule."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pgtune_cli.lint.foreign_key_facts import ForeignKeyFacts, foreign_keys
from pgtune_cli.lint.index_facts import IndexFacts, indexes
from pgtune_cli.lint.plan_facts import PlanFacts, PlanNodeFacts, plan_nodes, plans
from pgtune_cli.lint.predicate_facts import PredicateFacts, predicates
from pgtune_cli.lint.rule import Merge, SubjectKind
from pgtune_cli.lint.sequence_facts import SequenceFacts, sequences
from pgtune_cli.lint.server_facts import ServerFacts, SettingFacts, server, settings
from pgtune_cli.lint.statement_facts import StatementFacts, statements
from pgtune_cli.lint.subject import Subject
from pgtune_cli.lint.table_facts import ColumnFacts, TableFacts, columns, tables
from pgtune_cli.lint.workload_facts import WorkloadFacts, workload
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Constraint, Index, Relation, Sequence
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement

T = TypeVar("T")

KINDS = (
    SubjectKind("plan_node", "node", "one node of a plan", PlanNodeFacts, Merge.STATEMENT, "plan"),
    SubjectKind("plan", "plan", "one plan of a statement", PlanFacts, Merge.STATEMENT, "plan"),
    SubjectKind("statement", "statement", "one statement", StatementFacts, Merge.STATEMENT, "pg_stat_statements"),
    SubjectKind("predicate", "predicate", "one condition of a statement", PredicateFacts, Merge.PLACE, "text"),
    SubjectKind("table", "table", "one table", TableFacts, Merge.RELATION, "catalog"),
    SubjectKind("column", "column", "one column", ColumnFacts, Merge.PLACE, "catalog"),
    SubjectKind("index", "index", "one index", IndexFacts, Merge.PLACE, "catalog"),
    SubjectKind("foreign_key", "foreign_key", "one foreign key", ForeignKeyFacts, Merge.PLACE, "catalog"),
    SubjectKind("sequence", "sequence", "one sequence", SequenceFacts, Merge.PLACE, "catalog"),
    SubjectKind("setting", "setting", "one setting of the server", SettingFacts, Merge.PLACE, "catalog"),
    SubjectKind("workload", "workload", "all statements together", WorkloadFacts, Merge.PLACE, "pg_stat_statements"),
    SubjectKind("server", "server", "the server", ServerFacts, Merge.PLACE, "catalog"),
)
SUBJECTS = {kind.name: kind for kind in KINDS}

PER_STATEMENT: dict[str, Callable[[World, Statement], Iterable[Subject]]] = {
    "plan_node": plan_nodes, "plan": plans, "statement": statements, "predicate": predicates,
}  # fmt: skip
PER_RELATION: dict[str, Callable[[World, Relation], Iterable[Subject]]] = {"table": tables, "column": columns}
PER_SERVER: dict[str, Callable[[World], Iterable[Subject]]] = {
    "setting": settings, "workload": workload, "server": server,
}  # fmt: skip


def subjects(kind: str, world: World) -> Iterator[Subject]:
    """All subjects of a kind. What cannot be computed goes to `world.skipped`, the rest goes on."""
    analysis = world.analysis
    catalog = analysis.snapshot.catalog
    if kind in PER_STATEMENT:
        yield from _each(world, kind, analysis.statements, _statement_name, PER_STATEMENT[kind])
    elif kind in PER_RELATION:
        yield from _each(world, kind, catalog.relations, _relation_name, PER_RELATION[kind])
    elif kind == "index":
        yield from _each(world, kind, catalog.indexes, _index_name, indexes)
    elif kind == "foreign_key":
        yield from _each(world, kind, catalog.constraints, _constraint_name, foreign_keys)
    elif kind == "sequence":
        yield from _each(world, kind, catalog.sequences, _sequence_name, sequences)
    else:
        yield from _each(world, kind, (kind,), str, lambda found, name: PER_SERVER[name](found))


def subjects_of(kind: str, world: World, statement: Statement) -> list[Subject]:
    """The subjects of one statement."""
    return list(_each(world, kind, (statement,), _statement_name, PER_STATEMENT[kind]))


def _each(
    world: World,
    kind: str,
    items: Iterable[T],
    name: Callable[[T], str],
    build: Callable[[World, T], Iterable[Subject]],
) -> Iterator[Subject]:
    for item in items:
        try:
            found = list(build(world, item))
        except Exception as exc:  # one object never ends a run
            why = f"its {kind} facts could not be computed: {type(exc).__name__}: {exc}"
            world.skipped.append(Skipped(name(item), why))
        else:
            yield from found


def _statement_name(statement: Statement) -> str:
    return f"statement {statement.fingerprint}"


def _relation_name(relation: Relation) -> str:
    return f"table {relation.relation_name}"


def _index_name(index: Index) -> str:
    return f"index {index.index_name}"


def _sequence_name(sequence: Sequence) -> str:
    return f"sequence {sequence.schema}.{sequence.name}"


def _constraint_name(constraint: Constraint) -> str:
    return f"constraint {constraint.name} of {constraint.table}"
