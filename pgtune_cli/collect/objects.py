"""Types, functions, operators, extensions, policies and extended statistics, from the rows of the catalog queries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.tables import Found
from pgtune_cli.model.catalog import (
    BuiltinFunction,
    Cast,
    ExtendedStatistics,
    Extension,
    FamilyClass,
    Function,
    Operator,
    OperatorClass,
    OperatorFamily,
    Policy,
    RelationName,
    Role,
    Rule,
    TextSearchConfiguration,
    TextSearchDictionary,
    Trigger,
    UserType,
)
from pgtune_cli.model.catalog import Sequence as DatabaseSequence

T = TypeVar("T")


def types(rows: Sequence[Record]) -> Iterable[UserType]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        attributes = msgspec.json.decode(row["attributes"] or "[]", type=tuple[tuple[str, str], ...])
        yield UserType(
            schema=row["schema"],
            name=row["name"],
            kind=row["kind"],
            extension=row["extension"],
            labels=tuple(row["labels"]),
            base_type=row["base_type"],
            attributes=attributes,
            not_null=row["not_null"],
            checks=tuple(check for check in row["checks"] if check is not None),
            default=row["default"],
            collation=row["collation"],
            multirange=row["multirange"],
            subtype_opclass=row["subtype_opclass"],
            subtype_diff=row["subtype_diff"],
        )


def functions(rows: Sequence[Record]) -> Iterable[Function]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"], row["arguments"] or "", row["kind"])):
        yield Function(
            schema=row["schema"],
            name=row["name"],
            arguments=row["arguments"] or "",
            result=row["result"],
            language=row["language"],
            kind=row["kind"],
            volatility=row["volatility"],
            strict=row["strict"],
            security_definer=row["security_definer"],
            extension=row["extension"],
            definition=row["definition"],
            source=row["source"],
            aggregate=row["aggregate"],
        )


def builtin_functions(rows: Sequence[Record]) -> tuple[BuiltinFunction, ...] | None:
    """None where they could not be read: no row at all is no answer."""
    found = sorted((row["name"], row["volatility"], row["returns_set"]) for row in rows)
    return tuple(BuiltinFunction(*row) for row in found) or None


def operators(rows: Sequence[Record]) -> Iterable[Operator]:
    for row in sorted(
        rows, key=lambda row: (row["schema"], row["name"], row["left_type"] or "", row["right_type"] or "")
    ):
        yield msgspec.convert(dict(row), Operator)


def operator_classes(rows: Sequence[Record]) -> Iterable[OperatorClass]:
    for row in sorted(rows, key=lambda row: (row["method"], row["schema"], row["name"], row["type"])):
        yield OperatorClass(
            method=row["method"],
            schema=row["schema"],
            name=row["name"],
            type=row["type"],
            default=row["default"],
            operators=tuple(row["operators"] or ()),
            orders=tuple(row["orders"] or ()),
        )


def operator_families(rows: Sequence[Record]) -> Iterable[OperatorFamily]:
    for row in sorted(rows, key=lambda row: (row["method"], row["schema"], row["name"])):
        yield OperatorFamily(
            method=row["method"],
            schema=row["schema"],
            name=row["name"],
            classes=tuple(FamilyClass(*one) for one in _listed(row["classes"], tuple[str, str, str, bool])),
            operators=_listed(row["operators"], tuple[int, str]),
            functions=_listed(row["functions"], tuple[int, str]),
        )


def _listed(text: str | None, of: type[T]) -> tuple[T, ...]:
    return msgspec.json.decode(text or "[]", type=tuple[of, ...])  # type: ignore[valid-type]


def casts(rows: Sequence[Record]) -> Iterable[Cast]:
    for row in sorted(rows, key=lambda row: (row["source"], row["target"])):
        yield msgspec.convert(dict(row), Cast)


def rules(found: Found, rows: Sequence[Record]) -> Iterable[Rule]:
    for row in sorted(rows, key=lambda row: (found.names[row["oid"]], row["name"])):
        if row["definition"] is not None:
            yield Rule(name=row["name"], table=found.names[row["oid"]], definition=row["definition"])


def text_search_dictionaries(rows: Sequence[Record]) -> Iterable[TextSearchDictionary]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        yield msgspec.convert(dict(row), TextSearchDictionary)


def text_search_configurations(rows: Sequence[Record]) -> Iterable[TextSearchConfiguration]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        yield TextSearchConfiguration(
            schema=row["schema"],
            name=row["name"],
            parser=row["parser"],
            mappings=_listed(row["mappings"], tuple[str, tuple[str, ...]]),
        )


def extensions(rows: Sequence[Record]) -> Iterable[Extension]:
    for row in sorted(rows, key=lambda row: str(row["name"])):
        yield Extension(row["name"], row["version"], row["schema"])


def policies(found: Found, rows: Sequence[Record]) -> Iterable[Policy]:
    for row in sorted(rows, key=lambda row: (found.names[row["oid"]], row["name"])):
        yield Policy(
            name=row["name"],
            table=found.names[row["oid"]],
            command=row["command"],
            permissive=row["permissive"],
            roles=tuple(row["roles"]),
            using=row["using"],
            check=row["check"],
        )


def triggers(found: Found, rows: Sequence[Record]) -> Iterable[Trigger]:
    for row in sorted(rows, key=lambda row: (found.names[row["oid"]], row["name"])):
        yield Trigger(
            name=row["name"],
            table=found.names[row["oid"]],
            enabled=row["enabled"],
            definition=row["definition"],
        )


def roles(rows: Sequence[Record]) -> Iterable[Role]:
    for row in sorted(rows, key=lambda row: str(row["name"])):
        yield Role(
            name=row["name"], bypasses_row_security=row["bypasses_row_security"], member_of=tuple(row["member_of"])
        )


def extended_statistics(
    found: Found, rows: Sequence[Record], expressions: Mapping[tuple[str, str], tuple[str, ...]]
) -> Iterable[ExtendedStatistics]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        yield ExtendedStatistics(
            schema=row["schema"],
            name=row["name"],
            table=found.names[row["oid"]],
            kinds=tuple(row["kinds"]),
            columns=tuple(row["columns"]),
            expressions=expressions.get((row["schema"], row["name"]), ()),
            definition=row["definition"] or "",
        )


def sequences(found: Found, rows: Sequence[Record]) -> Iterable[DatabaseSequence]:
    """Those that fill a column of a relation that was read, and those that stand alone."""
    names = set(found.names.values())
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        table = RelationName(row["table_schema"], row["table_name"]) if row["table_name"] is not None else None
        if table is not None and table not in names:
            continue
        yield DatabaseSequence(
            schema=row["schema"],
            name=row["name"],
            type=row["type"],
            start=row["start"],
            minimum=row["minimum"],
            maximum=row["maximum"],
            increment=row["increment"],
            cycle=row["cycle"],
            last_value=row["last_value"],
            readable=row["readable"],
            table=table,
            column=row["column"],
        )
