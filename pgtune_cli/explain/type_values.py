"""Types of parameters by regtype name: what kind they are, a harmless value of each, and whether a value fits."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from pgtune_cli.explain.pg_array import array_literal
from pgtune_cli.model.catalog import Catalog, UserType

MODIFIER = re.compile(r"\([^)]*\)")
INTEGER_BITS = {"smallint": 16, "integer": 32, "bigint": 64, "oid": 33}


class TypeKind(StrEnum):
    """Types whose text forms are understood by each other, roughly pg_type.typcategory."""

    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    TIME = "time"
    INTERVAL = "interval"
    BOOLEAN = "boolean"
    UUID = "uuid"
    NETWORK = "network"
    JSON = "json"
    ARRAY = "array"
    OTHER = "other"


KINDS = {
    TypeKind.NUMBER: {
        "smallint", "integer", "bigint", "numeric", "real", "double precision", "oid",
    },
    TypeKind.TEXT: {"text", "character varying", "character", "name", '"char"', "citext", "bpchar", "unknown"},
    TypeKind.DATE: {"date", "timestamp without time zone", "timestamp with time zone"},
    TypeKind.TIME: {"time without time zone", "time with time zone"},
    TypeKind.INTERVAL: {"interval"},
    TypeKind.BOOLEAN: {"boolean"},
    TypeKind.UUID: {"uuid"},
    TypeKind.NETWORK: {"inet", "cidr"},
    TypeKind.JSON: {"json", "jsonb"},
}  # fmt: skip
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}

DEFAULTS = {
    "boolean": "true",
    "date": "2024-01-01",
    "timestamp without time zone": "2024-01-01 00:00:00",
    "timestamp with time zone": "2024-01-01 00:00:00+00",
    "time without time zone": "12:00:00",
    "time with time zone": "12:00:00+00",
    "interval": "1 day",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "inet": "127.0.0.1",
    "cidr": "127.0.0.0/8",
    "macaddr": "00:00:00:00:00:00",
    "macaddr8": "00:00:00:00:00:00:00:00",
    "json": "{}",
    "jsonb": "{}",
    "jsonpath": "$",
    "xml": "<a/>",
    "bytea": "\\x00",
    "money": "1",
    "bit": "0",
    "bit varying": "0",
    "tsquery": "word",
    "tsvector": "a",
    "point": "(0,0)",
    "box": "((0,0),(1,1))",
    "lseg": "((0,0),(1,1))",
    "path": "((0,0),(1,1))",
    "line": "{1,-1,0}",
    "polygon": "((0,0),(1,1),(1,0))",
    "circle": "<(0,0),1>",
    "int4range": "[1,2)",
    "int8range": "[1,2)",
    "numrange": "[1,2)",
    "daterange": "[2024-01-01,2024-01-02)",
    "tsrange": "[2024-01-01,2024-01-02)",
    "tstzrange": "[2024-01-01,2024-01-02)",
    "int4multirange": "{[1,2)}",
    "int8multirange": "{[1,2)}",
    "nummultirange": "{[1,2)}",
    "datemultirange": "{[2024-01-01,2024-01-02)}",
    "tsmultirange": "{[2024-01-01,2024-01-02)}",
    "tstzmultirange": "{[2024-01-01,2024-01-02)}",
    "regclass": "pg_class",
    "regtype": "text",
    "regproc": "now",
    "regconfig": "simple",
    "regnamespace": "pg_catalog",
    "hstore": "a=>1",
    "ltree": "a",
    "lquery": "a",
    "cube": "(0)",
    "tid": "(0,1)",
    "xid": "1",
    "pg_lsn": "0/0",
}


RANGE_ELEMENT = {
    "int4range": "integer",
    "int8range": "bigint",
    "numrange": "numeric",
    "daterange": "date",
    "tsrange": "timestamp without time zone",
    "tstzrange": "timestamp with time zone",
}
BOUND = re.compile(r'[\[(](?P<lower>"[^"]*"|[^,]*),(?P<upper>"[^"]*"|[^\])]*)[\])]')


def range_bound(text: str) -> str | None:
    """The lower bound of a range's text form, its upper one where that is infinite; None without either."""
    found = BOUND.fullmatch(text.strip("{}").partition("),")[0] if text.startswith("{") else text)
    if found is None:
        return None
    return found["lower"].strip('"') or found["upper"].strip('"') or None


def absent_value(present: Sequence[str], name: str, catalog: Catalog) -> str | None:
    """A value of the type that is not among these; None for types that have no such value at hand."""
    kind, name = kind_of(name, catalog), resolved(name, catalog)
    found = user_type(name, catalog)
    if found is not None and found.kind == "e":
        return next((label for label in found.labels if label not in present), None)
    if kind is TypeKind.NUMBER:
        numbers = [number for value in present if (number := _decimal(value)) is not None]
        return _number(str(max(numbers, default=Decimal(0)) + 1), base_name(name))
    if kind is TypeKind.TEXT and base_name(name) != '"char"':
        return max(present, key=len, default="") + "~"
    return None


def element_type(name: str) -> str | None:
    """`bigint` of `bigint[]`; None for what is no array."""
    return name[:-2] if name.endswith("[]") else None


def base_name(name: str) -> str:
    """Without schema and modifier: `numeric` of `numeric(10,2)`, `citext` of `public.citext`."""
    bare = MODIFIER.sub("", name)
    return bare if bare == '"char"' else bare.rsplit(".", 1)[-1]


def user_type(name: str, catalog: Catalog) -> UserType | None:
    """The catalog's type of this name, qualified or not."""
    wanted = name.replace('"', "")
    return next((t for t in catalog.types if wanted in {t.name, f"{t.schema}.{t.name}"}), None)


def resolved(name: str, catalog: Catalog) -> str:
    """The type below a domain; the type itself otherwise."""
    for _ in range(8):
        found = user_type(name, catalog)
        if found is None or found.kind != "d" or found.base_type is None:
            break
        name = found.base_type
    return name


def kind_of(name: str, catalog: Catalog) -> TypeKind:
    name = resolved(name, catalog)
    return TypeKind.ARRAY if name.endswith("[]") else KIND_OF.get(base_name(name), TypeKind.OTHER)


def default_value(name: str, catalog: Catalog) -> str | None:
    """A harmless value of the type; None (NULL) when nothing is known of it."""
    name = resolved(name, catalog)
    if (element := element_type(name)) is not None:
        value = default_value(element, catalog)
        return None if value is None else array_literal([value])
    found = user_type(name, catalog)
    if found is not None and found.kind == "e":
        return found.labels[0] if found.labels else None
    base = base_name(name)
    if base in DEFAULTS:
        return DEFAULTS[base]
    return {TypeKind.NUMBER: "1", TypeKind.TEXT: "a"}.get(KIND_OF.get(base, TypeKind.OTHER))


def fitted(value: str, column_type: str, parameter_type: str, catalog: Catalog) -> str | None:
    """A column's value as the parameter's type reads it; None where it would be refused."""
    wanted, have = kind_of(parameter_type, catalog), kind_of(column_type, catalog)
    if wanted is TypeKind.TEXT:
        return value
    if wanted is TypeKind.NUMBER:
        return _number(value, base_name(resolved(parameter_type, catalog)))
    if wanted is have and wanted not in (TypeKind.OTHER, TypeKind.ARRAY):
        return value
    same = base_name(resolved(parameter_type, catalog)) == base_name(resolved(column_type, catalog))
    return value if same else None


def _decimal(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _number(value: str, name: str) -> str | None:
    """A number as it is, rounded and held within its range for an integer type."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    bits = INTEGER_BITS.get(name)
    if bits is None:
        return value
    if not number.is_finite():
        return None
    limit = 2 ** (bits - 1) - 1
    whole = max(min(number, Decimal(limit)), Decimal(0 if name == "oid" else -limit))
    return str(int(whole.to_integral_value()))
