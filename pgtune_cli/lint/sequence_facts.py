"""Facts of sequences."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from pgtune_cli.lint.integer_range import LARGEST
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName, Sequence
from pgtune_cli.sql.quote import qualified


class SequenceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One sequence."""

    name: Annotated[str, known("schema.name")]
    sql_name: Annotated[str, known("the name, quoted for SQL", sql=True)]
    column: Annotated[str, known("the column that it fills, as table.column; empty without one")]
    column_type: Annotated[str, known("that column's type; empty without one")]
    type: Annotated[str, known("smallint, integer or bigint")]
    cycles: Annotated[bool, known("it begins anew at its end")]
    used_fraction: Annotated[float | None, known("fraction of its values that were given out; 0 when it was never "
                                                 "used", need="position")]  # fmt: skip
    values_left: Annotated[float | None, known("values that it can still give", need="position")]
    ends_before_column: Annotated[bool, known("it ends before the column's type does; true without a column")]
    beyond_column: Annotated[bool, known("it may give values that the column cannot hold")]


def sequences(world: World, sequence: Sequence) -> Iterator[Subject]:
    """The sequence."""
    column = world.column(sequence.table, sequence.column) if sequence.table and sequence.column else None
    span, step = sequence.maximum - sequence.minimum, abs(sequence.increment)
    edge = sequence.maximum if sequence.increment > 0 else sequence.minimum
    left = _left(sequence, edge)
    most = LARGEST.get(column.type) if column is not None else None
    yield Subject(
        facts=SequenceFacts(
            name=f"{sequence.schema}.{sequence.name}",
            sql_name=qualified(RelationName(sequence.schema, sequence.name)),
            column=f"{sequence.table}.{sequence.column}" if column is not None else "",
            column_type=column.type if column is not None else "", type=sequence.type, cycles=sequence.cycle,
            used_fraction=1 - left / max(span, 1) if left is not None else None,
            values_left=left // step if left is not None else None,
            ends_before_column=most is None or sequence.maximum < most,
            beyond_column=most is not None and sequence.maximum > most,
        ),
        relation=str(sequence.table) if sequence.table is not None else None,
        place=f"{sequence.schema}.{sequence.name}",
    )  # fmt: skip


def _left(sequence: Sequence, edge: int) -> int | None:
    if not sequence.readable:
        return None
    if sequence.last_value is None:  # never used
        return sequence.maximum - sequence.minimum
    return abs(edge - sequence.last_value)
