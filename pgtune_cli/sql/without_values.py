"""A snapshot without what its rows hold: for `pgtune snapshot --no-values`.

The schema stays whole where a plan depends on it: names, types, labels of enums, bounds of partitions, CHECK
constraints, expressions and predicates of indexes, generated columns; and the views and SQL functions that the
statements use. Constant defaults, rules with constants, other views and the bodies of other functions go.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_args

import msgspec

from pgtune_cli.model.catalog import Catalog, Column, Function, Relation, RelationKind, UserType
from pgtune_cli.model.marks import LITERALS, VALUES
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.sql.fingerprint import normalise
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens

COST = Skipped(
    "values of rows",
    "they were left out of the snapshot (--no-values): how many rows a condition keeps is guessed, so costs are rough, "
    "plans and index advice may be others, and patterns of constants are not known",
    "take the snapshot without --no-values where it may hold them",
)
WORD = re.compile(r"\w+")
CONSTANTS = (TokenKind.STRING, TokenKind.NUMBER)
NAMES = {"regclass", "regproc", "regprocedure", "regtype", "regconfig", "regrole", "regnamespace"}
"""`nextval('orders_id_seq'::regclass)`: the constant is a name."""


def without_values(snapshot: Snapshot) -> Snapshot:
    """Plans that were made with values of rows are left out too: make new ones, or let the clone."""
    stripped: Snapshot = _stripped(snapshot)
    return msgspec.structs.replace(
        stripped,
        catalog=_catalog(stripped),
        plans=tuple(found for plans in snapshot.plans if (found := _generic_only(plans)) is not None),
        skipped=(*(one for one in snapshot.skipped if one != COST), COST),
        values=False,
    )


def _stripped(value: Any) -> Any:
    """Every marked field, however deep."""
    if isinstance(value, tuple):
        return tuple(map(_stripped, value)) if value and isinstance(value[0], msgspec.Struct) else value
    if not isinstance(value, msgspec.Struct) or isinstance(value, StatementPlans):
        return value
    changes = {name: change(getattr(value, name)) for name, change in _changes(type(value))}
    return msgspec.structs.replace(value, **changes) if changes else value


@cache
def _changes(kind: type[msgspec.Struct]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """What to do with each field; nothing for numbers and plain texts."""
    return tuple(_changes_of(kind))


def _changes_of(kind: type[msgspec.Struct]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for field in msgspec.structs.fields(kind):
        marks = get_args(field.type)[1:] if hasattr(field.type, "__metadata__") else ()
        if VALUES in marks:
            yield field.name, _constantly(field.default)
        elif LITERALS in marks:
            yield field.name, normalise
        elif field.type not in (str, int, float, bool):
            yield field.name, _stripped


def _constantly(default: Any) -> Callable[[Any], Any]:
    return lambda _: default


def _generic_only(found: StatementPlans) -> StatementPlans | None:
    """The plan for any values; None where the text holds constants, or where that plan is not there."""
    if found.prepared is None:
        return found
    sets = tuple(one for one in found.prepared.value_sets if one.name == "generic")
    plans = tuple(one for one in found.plans if one.parameters.name == "generic")
    if not plans or holds_constant(found.prepared.sql):
        return None
    # normalised only for its comments: it has no constants
    bare = msgspec.structs.replace(found.prepared, sql=normalise(found.prepared.sql), value_sets=sets)
    return msgspec.structs.replace(found, prepared=bare, plans=plans)


def holds_constant(sql: str) -> bool:
    """Whether a text has a constant that is no name of an object."""
    try:
        found = tokens(sql)
    except TruncatedText:
        return True
    return any(token.kind in CONSTANTS and not _is_name(found, at) for at, token in enumerate(found))


def _is_name(found: list[Token], at: int) -> bool:
    return [token.word or token.text for token in found[at + 1 : at + 3]][:1] == ["::"] and bool(
        found[at + 2 : at + 3] and found[at + 2].word in NAMES
    )


def _catalog(snapshot: Snapshot) -> Catalog:
    catalog = snapshot.catalog
    used = _words_of_use(snapshot)
    return msgspec.structs.replace(
        catalog,
        relations=tuple(_relation(relation, used) for relation in catalog.relations),
        functions=tuple(_function(function, used) for function in catalog.functions),
        types=tuple(map(_type, catalog.types)),
        rules=tuple(rule for rule in catalog.rules if not holds_constant(rule.definition)),
    )


def _relation(relation: Relation, used: set[str]) -> Relation:
    hidden = relation.kind is RelationKind.VIEW and not _used(relation.name, used)
    return msgspec.structs.replace(
        relation,
        columns=tuple(map(_column, relation.columns)),
        view_definition=None if hidden or relation.kind is not RelationKind.VIEW else relation.view_definition,
    )


def _column(column: Column) -> Column:
    constant = column.default is not None and not column.generated and holds_constant(column.default)
    return msgspec.structs.replace(column, default=None) if constant else column


def _type(one: UserType) -> UserType:
    constant = one.default is not None and holds_constant(one.default)
    return msgspec.structs.replace(one, default=None) if constant else one


def _function(function: Function, used: set[str]) -> Function:
    """The planner looks into bodies of SQL functions only; of the others the signature is enough."""
    if function.definition is None or (function.language == "sql" and _used(function.name, used)):
        return function
    return msgspec.structs.replace(function, definition=_without_body(function.definition))


def _without_body(definition: str) -> str | None:
    """`… AS $$…$$` with nothing in it; None where a constant would stay: a default, or a body that is no string."""
    try:
        strings = [token for token in tokens(definition) if token.kind is TokenKind.STRING]
    except TruncatedText:
        return None
    if len(strings) != 1 or strings[-1].end < len(definition.rstrip()):
        return None
    return definition[: strings[-1].start] + "''"


def _used(name: str, words: set[str]) -> bool:
    return set(WORD.findall(name.casefold())) <= words


def _words_of_use(snapshot: Snapshot) -> set[str]:
    """Words of the statements, of what tables are made of, and of the views and functions that these name."""
    catalog = snapshot.catalog
    words: set[str] = set()
    for text in _texts(snapshot):
        words.update(WORD.findall(text.casefold()))
    bodies = [(one.name, one.view_definition) for one in catalog.relations if one.kind is RelationKind.VIEW]
    bodies += [(one.name, one.definition) for one in catalog.functions if one.language == "sql"]
    while fresh := [(name, text) for name, text in bodies if text and _used(name, words)]:
        bodies = [pair for pair in bodies if pair not in fresh]
        for _, text in fresh:
            words.update(WORD.findall((text or "").casefold()))
    return words


def _texts(snapshot: Snapshot) -> Iterator[str]:
    catalog = snapshot.catalog
    yield from (row.query for row in snapshot.workload.rows)
    yield from (index.definition for index in catalog.indexes)
    yield from (constraint.definition for constraint in catalog.constraints)
    yield from (statistics.definition for statistics in catalog.extended_statistics)
    yield from (check for user_type in catalog.types for check in user_type.checks)
    for relation in catalog.relations:
        yield relation.partition_key or ""
        yield from (column.default or "" for column in relation.columns)
