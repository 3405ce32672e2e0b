"""CREATE INDEX as people write it, and what is no CREATE INDEX."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.errors import UsageError
from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.index_parse import parse_index

NAMES = ("id", "customer_id", "status", "Odd Name")
ORDERS = Relation(
    oid=1, schema="public", name="orders", kind=RelationKind.TABLE,
    columns=tuple(Column(attnum=n, name=name, type="text", not_null=False) for n, name in enumerate(NAMES, 1)),
)  # fmt: skip
VIEW = Relation(oid=2, schema="public", name="v", kind=RelationKind.VIEW, columns=ORDERS.columns)
CATALOG = Catalog(relations=(ORDERS, VIEW))


def read(sql: str) -> str:
    """Written again, without CONCURRENTLY."""
    return create_index_sql(parse_index(sql, CATALOG, ("app", "public")), "n", concurrently=False)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE INDEX ON orders (customer_id)", "CREATE INDEX n ON public.orders (customer_id)"),
        ("create index concurrently i on only public.orders(id, status);",
         "CREATE INDEX n ON public.orders (id, status)"),
        ("CREATE UNIQUE INDEX IF NOT EXISTS i ON orders USING btree (customer_id DESC NULLS LAST, id NULLS FIRST)",
         "CREATE UNIQUE INDEX n ON public.orders (customer_id DESC NULLS LAST, id NULLS FIRST)"),
        ("CREATE INDEX ON orders (customer_id DESC)", "CREATE INDEX n ON public.orders (customer_id DESC)"),
        ("CREATE INDEX ON orders (lower(status), (status || ')(' || id))",
         "CREATE INDEX n ON public.orders ((lower(status)), (status || ')(' || id))"),
        ("CREATE INDEX ON orders (pg_catalog.lower(status) COLLATE \"C\" text_pattern_ops DESC)",
         "CREATE INDEX n ON public.orders ((pg_catalog.lower(status)) COLLATE \"C\" text_pattern_ops DESC)"),
        ("CREATE INDEX ON orders USING gin (status public.gin_trgm_ops)",
         "CREATE INDEX n ON public.orders USING gin (status public.gin_trgm_ops)"),
        ("CREATE INDEX ON orders (id) INCLUDE (\"Odd Name\", status) WHERE status = 'open' AND id IN ('1', '2')",
         "CREATE INDEX n ON public.orders (id) INCLUDE (\"Odd Name\", status)"
         " WHERE status = 'open' AND id IN ('1', '2')"),
    ],
)  # fmt: skip
def test_an_index_is_read(sql: str, expected: str) -> None:
    assert read(sql) == expected


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("", "it is no CREATE INDEX"),
        ("DROP TABLE orders", "it is no CREATE INDEX"),
        ("CREATE TABLE t (id int)", "it is no CREATE INDEX"),
        ("CREATE INDEX ON orders (id); DROP TABLE orders", "; is not modelled"),
        ("CREATE INDEX ON orders (id) WHERE id = '1'; DROP TABLE orders", "its WHERE is not one condition"),
        ("CREATE INDEX ON orders (id) WHERE", "its WHERE is not one condition"),
        ("CREATE INDEX ON nope (id)", "there is no table nope"),
        ("CREATE INDEX ON v (id)", "there is no table v"),
        ("CREATE INDEX ON other.orders (id)", "there is no table other.orders"),
        ("CREATE INDEX ON orders (nope)", "table public.orders has no column nope"),
        ("CREATE INDEX ON orders ()", "the keys are missing"),
        ("CREATE INDEX ON orders (id,)", "the keys are missing"),
        ("CREATE INDEX ON orders (id", "a bracket is not closed"),
        ("CREATE INDEX ON orders ('x')", "'x' is neither a column nor an expression"),
        ("CREATE INDEX ON orders (id) INCLUDE (lower(status))", "INCLUDE takes columns only"),
        ("CREATE INDEX ON orders (id) WITH (fillfactor = 70)", "WITH is not modelled"),
        ("CREATE INDEX ON orders (id) NULLS NOT DISTINCT", "NULLS is not modelled"),
        ("CREATE INDEX ON orders USING evil (id)", "no access method evil"),
        ("CREATE INDEX ON orders (id) WHERE status = 'open", "it ends within a string or a name"),
    ],
)
def test_what_is_no_index_is_named(sql: str, why: str) -> None:
    with pytest.raises(UsageError, match="cannot read the index") as caught:
        read(sql)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "meant"),
    [
        ("CREATE INDEX ON ordrs (id)", "orders"),
        ("CREATE INDEX ON shop.orders (id)", "orders"),
        ("CREATE INDEX ON orders (custmer_id)", "customer_id"),
        ("CREATE INDEX ON orders USING btre (id)", "btree"),
    ],
)
def test_a_near_miss_is_told(sql: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(sql)
    assert caught.value.hint == f"did you mean {meant}?"


WORDS = ("CREATE", "UNIQUE", "INDEX", "ON", "orders", "USING", "btree", "INCLUDE", "WHERE", "DESC", "NULLS", "COLLATE")
PIECES = st.sampled_from([*WORDS, "id", "lower", *"(),;.'\"=$1-/*"])


@given(st.lists(PIECES, max_size=14))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    with suppress(UsageError):
        parse_index("CREATE INDEX ON orders " + " ".join(pieces), CATALOG, ("public",))
