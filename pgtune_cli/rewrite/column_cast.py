"""A cast of the column keeps its index from being used; a cast of the parameter does not."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source, column_sql
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.shape_types import Predicate, PredicateKind

KIND = "column_cast_to_parameter_cast"
WHOLE = ("smallint", "integer", "bigint")
WIDER = ("numeric", "double precision", "real", "float", "decimal", "float8", "float4")
TEXTS = ("text", "varchar", "character varying")


def column_cast(source: Source) -> Iterator[Found]:
    """For every `id::text = $1`, and every `id = $1::numeric` that casts the column in silence."""
    for block in source.shape.blocks:
        for predicate in block.predicates:
            if len(predicate.columns) != 1 or predicate.column is None or predicate.span is None:
                continue
            column = source.column(predicate.column)
            if column is None or predicate.column.outer:
                continue
            silent = predicate.operand.cast is not None and predicate.operand.cast.partition("(")[0] in WIDER
            if predicate.cast is not None and predicate.cast.partition("(")[0] in (*TEXTS, *WIDER):
                yield _rewrite(predicate, column.type, predicate.cast)
            elif predicate.cast is None and silent and column.type in WHOLE:
                yield _rewrite(predicate, column.type, str(predicate.operand.cast))


def _rewrite(predicate: Predicate, type_: str, cast: str) -> Found:
    assert predicate.column is not None
    assert predicate.span is not None
    if predicate.row_position is not None:
        return Refusal("rows", "it compares rows")
    if type_ not in (*WHOLE, "uuid", "date"):
        return Refusal("type", f"{predicate.column.column} is {type_}: several texts stand for one value")
    if type_ in ("uuid", "date") and cast.partition("(")[0] in WIDER:
        return Refusal("type", f"a {type_} is no number")
    if predicate.kind is not PredicateKind.EQ or predicate.operator != "=":
        return Refusal("operator", "it compares otherwise than by =: texts and numbers have another order")
    if not predicate.operand.plain or predicate.operand.columns:
        return Refusal("no_constant", "it compares with more than a constant or a parameter")
    if "(" in cast and cast.partition("(")[0] in TEXTS:
        return Refusal("length", "the cast cuts the text off")
    value = predicate.operand.sql
    operand = f"({value})::{type_}" if not value.startswith("$") or not value[1:].isdecimal() else f"{value}::{type_}"
    number = predicate.operand.parameters[0] if predicate.operand.parameters else None
    hint = f"only values that a {type_} is written as: '007', '1.5' and other texts compare otherwise, or fail"
    return Proposal(
        edits=(Edit(*predicate.span, f"{column_sql(predicate.column)} = {operand}"),),
        conditions=(hint, "better still, bind a value of the column's type in the application"),
        parameters=False,
        values=True,
        added=((number, type_, f"${number} of the original"),) if number is not None else (),
    )
