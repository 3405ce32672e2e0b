"""What a parameter is compared with, by the tokens around it."""

import pytest

from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind
from pgtune_cli.sql.token_uses import token_uses


def relation(name: str, *columns: str) -> Relation:
    made = tuple(Column(attnum=at, name=column, type="text", not_null=False) for at, column in enumerate(columns, 1))
    return Relation(oid=1, schema="public", name=name, kind=RelationKind.TABLE, columns=made)


CATALOG = Catalog(relations=(relation("t", "a", "ip", "Odd Name"), relation("u", "a", "b")))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from t where ip <<= $1", {1: ("t", "ip", "<<=")}),
        ("select * from t where $1 >>= ip", {1: ("t", "ip", ">>=")}),
        ("select * from t as x where $1 < x.ip and x.a = $2", {1: ("x", "ip", ">"), 2: ("x", "a", "=")}),
        (
            'select * from public.t where "Odd Name" in ($1, $2)',
            {1: ("t", "Odd Name", "in"), 2: ("t", "Odd Name", "in")},
        ),
        ("select * from t where a between $1 and $2", {1: ("t", "a", ">="), 2: ("t", "a", "<=")}),
        ("select * from t where a between now() and $1 and ip = $2", {1: ("t", "a", "<="), 2: ("t", "ip", "=")}),
        ("select * from t where a not between 'x' and $1 or ip is null and $2", {}),
        ("select * from t, u where b = any ($1)", {1: ("u", "b", "=")}),
        ("select * from t, u where a = $1", {}),
        ("select * from t, u where u.a like $1", {1: ("u", "a", "like")}),
        ("select * from t where lower(a) = $1", {}),
        ("select * from t where coalesce(a, $1) = ip", {}),
        ("select * from t where a || $1 = ip", {}),
        ("select * from elsewhere.t where a = $1", {}),
        ("select 'unfinished where a = $1", {}),
    ],
)
def test_a_column_beside_an_operator(sql: str, expected: dict[int, tuple[str, str, str]]) -> None:
    found = list(token_uses(sql, CATALOG, ("public",)))
    assert {one.number: (one.column.alias, one.column.column, one.operator) for one in found if one.column} == expected


def test_limit_and_offset() -> None:
    found = list(token_uses("select * from t limit $1 offset $2", CATALOG, ("public",)))
    assert [(one.number, one.use.value) for one in found] == [(1, "limit"), (2, "offset")]
