"""The statements of one analysis: their shapes, read when they are first asked for, and what they do to which table."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from pgtune_cli.lint.known_tables import KnownTables, grouped
from pgtune_cli.lint.shapes import Shapes
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import Shape, StatementKind

T = TypeVar("T")
KEPT_STATEMENTS = 16


class Reader(msgspec.Struct, frozen=True):
    """A SELECT and the tables of its outermost FROM."""

    statement: Statement
    tables: frozenset[RelationName]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts of others need of a statement: small, so that it can be kept of all."""

    statement: Statement
    kind: StatementKind
    target: RelationName | None
    assigned: tuple[str, ...]
    relations: frozenset[RelationName]
    outermost: frozenset[RelationName]
    """the tables of a SELECT's outermost FROM, unless it groups."""


class KnownStatements(KnownTables):
    """Each statement of an analysis. `skipped` are those whose text could not be judged."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__(analysis)
        self.skipped: list[Skipped] = []
        self._shapes = Shapes(self.snapshot.catalog, self.search_path, self._not_read)
        self.raw_texts: dict[str, set[str]] | None = None
        self._kept: dict[str, dict[str, Any]] = {}

    @cached_property
    def statements(self) -> Mapping[str, Statement]:
        return {statement.fingerprint: statement for statement in self.analysis.statements}

    @property
    def measured(self) -> bool:
        """Whether the statements' costs were measured; files of SQL have none."""
        return self.snapshot.workload.source == "pg_stat_statements"

    @property
    def seconds(self) -> float | None:
        """The time that the statements' counters cover."""
        window = self.snapshot.workload.window
        return window.seconds if window.seconds is not None else window.age_seconds

    @cached_property
    def search_path(self) -> tuple[str, ...]:
        return search_path_of(self.snapshot.server)

    def once(self, statement: Statement, key: str, build: Callable[[], T]) -> T:
        """What several facts need of one statement: built once, kept for a few statements, those that came last."""
        kept = self._kept.get(statement.fingerprint)
        if kept is None:
            if len(self._kept) == KEPT_STATEMENTS:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[statement.fingerprint] = {}
        if key not in kept:
            kept[key] = build()
        found: T = kept[key]
        return found

    def read_shapes(self) -> None:
        """Read the texts of all statements, which pays when there are thousands."""
        self._shapes.read_all(self.analysis.statements)

    def shape(self, statement: Statement) -> Shape | None:
        """What the statement does; None when its text cannot be read."""
        return self.once(statement, "shape", lambda: self._shape_of(statement.query, statement))

    def _shape_of(self, text: str, statement: Statement) -> Shape | None:
        return self._shapes.of(text, f"statement {statement.fingerprint}")

    def _not_read(self, what: str, why: str) -> None:
        self.skipped.append(Skipped(what, f"its text could not be judged: {why}"))

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """What each statement that can be read does, in one pass over the shapes."""
        found = ((statement, self.shape(statement)) for statement in self.analysis.statements)
        return tuple(_effect(statement, shape) for statement, shape in found if shape is not None)

    @cached_property
    def updates(self) -> Mapping[RelationName, list[tuple[Statement, tuple[str, ...]]]]:
        """The UPDATEs of each table, with the columns that they set."""
        return grouped(
            (effect.target, (effect.statement, effect.assigned))
            for effect in self.effects
            if effect.kind is StatementKind.UPDATE and effect.target is not None
        )

    @cached_property
    def write_calls(self) -> Mapping[RelationName, int]:
        """Calls of the statements that write to each table."""
        found: Counter[RelationName] = Counter()
        for effect in self.effects:
            if effect.target is not None and effect.kind is not StatementKind.SELECT:
                found[effect.target] += effect.statement.calls
        return found

    @cached_property
    def users(self) -> Mapping[RelationName, list[Statement]]:
        """The statements that read or write each relation."""
        return grouped((name, effect.statement) for effect in self.effects for name in effect.relations)

    @cached_property
    def multi_row_readers(self) -> Mapping[RelationName, list[Reader]]:
        """SELECTs that return more than one row a call, by the tables of their outermost FROM; none that group."""
        readers = (
            Reader(effect.statement, effect.outermost)
            for effect in self.effects
            if effect.outermost and effect.statement.rows > effect.statement.calls > 0
        )
        return grouped((name, reader) for reader in readers for name in reader.tables)

    @cached_property
    def inserts(self) -> Mapping[RelationName, list[Statement]]:
        """The INSERTs, by the table that they write to."""
        return grouped(
            (effect.target, effect.statement)
            for effect in self.effects
            if effect.kind is StatementKind.INSERT and effect.target is not None
        )

    @cached_property
    def calls(self) -> int:
        """Of all statements."""
        return sum(statement.calls for statement in self.analysis.statements)

    def sample_shapes(self, statement: Statement) -> list[Shape]:
        """Shapes of the texts with literals that were seen of a statement."""
        shapes = (self._shape_of(text, statement) for text in statement.samples[:20])
        return [found for found in shapes if found is not None]


def _effect(statement: Statement, shape: Shape) -> Effect:
    block = shape.outermost if shape.kind is StatementKind.SELECT else None
    names = {table.relation for table in block.tables} if block is not None and not block.group_by else set()
    return Effect(
        statement=statement,
        kind=shape.kind,
        target=shape.target,
        assigned=shape.assigned,
        relations=frozenset(shape.relations),
        outermost=frozenset(name for name in names if name is not None),
    )
