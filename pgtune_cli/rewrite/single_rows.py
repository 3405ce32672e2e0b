"""A statement that is called once for each of many rows becomes one statement for all of them."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.parameters import array_type
from pgtune_cli.rewrite.proposal import Found, Proposal, plain_block, tokens_in
from pgtune_cli.rewrite.source import Source, column_sql
from pgtune_cli.sql.brackets import Brackets, split_at_commas
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import TokenKind
from pgtune_cli.sql.shape_types import Block, Predicate, PredicateKind, StatementKind, TableKind

KIND = "single_rows_to_batch"


def single_rows(source: Source) -> Iterator[Found]:
    """For a SELECT by one key, and an INSERT of one row of parameters. Whether calls are many is not judged here."""
    block = source.shape.outermost
    if source.shape.kind is StatementKind.INSERT:
        found = _insert(source)
        if found is not None:
            yield found
    elif source.shape.kind is StatementKind.SELECT and block is not None and len(source.shape.blocks) == 1:
        keys = [each for each in block.predicates if _is_key(each)]
        if len(keys) == 1 and len(block.predicates) == 1 and len(block.tables) == 1:
            yield _select(source, block, keys[0])


def _is_key(predicate: Predicate) -> bool:
    return (
        predicate.kind is PredicateKind.EQ
        and predicate.operator == "="
        and predicate.column is not None
        and len(predicate.operand.parameters) == 1
        and not predicate.operand.literals
        and not (predicate.under_or or predicate.under_not)
    )


def _select(source: Source, block: Block, key: Predicate) -> Found:
    column = key.column
    assert column is not None
    if not plain_block(block) or block.distinct or source.shape.set_operations:
        return Refusal("grouped", "it groups, limits or locks the rows of one key: of many that is another question")
    if key.cast is not None or key.operand.cast is not None or not key.operand.plain or key.span is None:
        return Refusal("cast", "its key or its parameter is cast")
    if block.tables[0].kind is not TableKind.RELATION:
        return Refusal("no_table", "it does not read a table")
    known = source.column(column)
    type_ = array_type(known.type) if known is not None and not known.type.endswith("[]") else None
    if known is None or type_ is None:
        return Refusal("array", "its key is an array, or of a type that has none")
    if source.volatile(block) is not None:
        return Refusal("volatile", f"it calls {source.volatile(block)}()")
    if sum(use.number == key.operand.parameters[0] for use in source.shape.parameters) != 1:
        return Refusal("twice", "its parameter stands in several places")
    parameter = next((t for t in tokens_in(source, key.span) if t.kind is TokenKind.PARAMETER), None)
    if parameter is None:
        return Refusal("unreadable", "its text has a form that cannot be edited safely")
    returned = any(item.star or item.column == column for item in block.select)
    conditions = ["no value is asked for twice in one call, and the rows of several values come in one result"]
    if not returned:
        conditions.append(f"the application also needs {column.column} to tell the rows apart: select it as well")
    if block.order_by:
        conditions.append("its ORDER BY then orders the rows of all values together")
    batch = f"ANY ({parameter.text}::{type_})"
    if parameter.start == key.span[0]:
        edit = Edit(*key.span, f"{column_sql(column)} = {batch}")
    else:
        edit = Edit(parameter.start, parameter.end, batch)
    return Proposal(
        edits=(edit,),
        conditions=tuple(conditions),
        parameters=False,
        cheaper=False,
        added=((key.operand.parameters[0], type_, f"the array of all values of {parameter.text}"),),
    )


def _insert(source: Source) -> Found | None:
    """`VALUES ($1, $2)` becomes `SELECT * FROM unnest($1::int[], $2::text[])`."""
    found = source.tokens
    at = next((n for n, token in enumerate(found) if token.word == "values"), None)
    brackets = Brackets(found)
    close = brackets.partner.get(at + 1) if at is not None and at + 1 < len(found) else None
    if at is None or close is None or found[at + 1].text != "(":
        return None
    if close + 1 < len(found) and found[close + 1].text == ",":
        return None  # several rows already
    relation = source.catalog.relation(source.shape.target) if source.shape.target is not None else None
    if relation is None:
        return Refusal("unknown_table", "its table is not in the catalog")
    elements = [found[start:end] for start, end in split_at_commas(found, at + 2, close)]
    if any(len(element) != 1 or element[0].kind is not TokenKind.PARAMETER for element in elements):
        return Refusal("values", "a value of its row is more than a parameter")
    names = source.shape.assigned or tuple(column.name for column in relation.columns)
    columns = [relation.column(name) for name in names[: len(elements)]]
    if len(columns) != len(elements) or any(column is None for column in columns):
        return Refusal("columns", "its columns could not be found in the catalog")
    if len({element[0].text for element in elements}) != len(elements):
        return Refusal("twice", "one parameter stands for several columns")
    if any(column is not None and column.type.endswith("[]") for column in columns):
        return Refusal("array", "a column is an array, and arrays of arrays are one array")
    rest = [token.word for token in found[close + 1 :]]
    if "conflict" in rest and "update" in rest:
        return Refusal("upsert", "ON CONFLICT DO UPDATE refuses a row twice in one statement")
    # without its length: a value that is too long must fail as it does in VALUES, not be cut off
    types = [array_type(column.type) for column in columns if column is not None]
    pairs = [(element[0], type_) for element, type_ in zip(elements, types, strict=True) if type_ is not None]
    if len(pairs) != len(elements):
        return Refusal("array", "a column's type has no array without a length")
    arrays = ", ".join(f"{token.text}::{type_}" for token, type_ in pairs)
    return Proposal(
        edits=(Edit(found[at].start, found[close].end, f"SELECT * FROM unnest({arrays})"),),
        conditions=(
            "all rows are inserted, or none",
            *(("the rows of RETURNING are in no promised order",) if "returning" in rest else ()),
        ),
        parameters=False,
        cheaper=False,
        added=tuple((t.number or 0, type_, f"the array of {t.text} of all rows") for t, type_ in pairs),
    )
