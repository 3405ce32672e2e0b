"""The few types that conditions know, read from the annotations of the fact structures."""

from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from pgtune_cli.lint.lazy import LazyFacts, lazy_facts_of


class Type(StrEnum):
    """A number is a double, whatever PostgreSQL counts it in."""

    NUMBER = "number"
    BOOL = "bool"
    STRING = "string"
    STRINGS = "list of strings"
    NUMBERS = "list of numbers"


ELEMENT = {Type.STRINGS: Type.STRING, Type.NUMBERS: Type.NUMBER}
SCALARS: dict[Any, Type] = {int: Type.NUMBER, float: Type.NUMBER, bool: Type.BOOL, str: Type.STRING}
LISTS = {Type.STRING: Type.STRINGS, Type.NUMBER: Type.NUMBERS}


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of a subject, as the reference prints it."""

    name: str
    type: Type
    description: str
    need: str | None = None
    """what must have been read or done for it to be known."""
    sql: bool = False
    """quoted for SQL: may stand in a suggestion's `sql`."""


@cache
def facts_of(structure: type[Any]) -> dict[str, Fact]:
    """The facts of a structure by name, in the order they are declared."""
    if issubclass(structure, LazyFacts):
        grouped = {name: fact for group in structure.groups.values() for name, fact in facts_of(group).items()}
        return grouped | {
            name: Fact(name=name, type=_type_of(name, item.annotation), description=item.description, need=item.need,
                       sql=item.sql)
            for name, item in lazy_facts_of(structure).items()
        }  # fmt: skip
    hints = get_type_hints(structure, include_extras=True)
    return {name: _fact(name, hints[name]) for name in structure.__struct_fields__}


def _fact(name: str, annotation: Any) -> Fact:
    meta: msgspec.Meta | None = None
    if get_origin(annotation) is Annotated:
        annotation, meta = get_args(annotation)
    if meta is None or not meta.description:
        raise TypeError(f"fact {name} has no description")
    extra = meta.extra or {}
    return Fact(
        name=name, type=_type_of(name, annotation), description=meta.description,
        need=extra.get("need"), sql=bool(extra.get("sql")),
    )  # fmt: skip


def _type_of(name: str, annotation: Any) -> Type:
    options = [item for item in get_args(annotation) if item is not type(None)]
    if len(options) == 1 and type(None) in get_args(annotation):
        annotation = options[0]
    if get_origin(annotation) is tuple:
        return LISTS[SCALARS[get_args(annotation)[0]]]
    if get_origin(annotation) is Union or annotation not in SCALARS:
        raise TypeError(f"fact {name} has a type that conditions do not know: {annotation}")
    return SCALARS[annotation]


def plain(value: Any) -> Any:
    """A fact's value as conditions take it: numbers are doubles, tuples are lists."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return str(value)
