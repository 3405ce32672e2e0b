import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql, index_name

ORDERS = RelationName("public", "orders")


def candidate(*keys: IndexKey, table: RelationName = ORDERS, method: str = "btree", **more: object) -> CandidateIndex:
    return CandidateIndex(table=table, keys=keys, method=method, **more)  # type: ignore[arg-type]


def test_a_composite_index_is_written_out() -> None:
    index = candidate(IndexKey(column="customer_id"), IndexKey(column="created_at", descending=True, nulls_first=True))
    assert create_index_sql(index, "i") == "CREATE INDEX CONCURRENTLY i ON public.orders (customer_id, created_at DESC)"


def test_every_part_of_an_index_is_written_out() -> None:
    index = candidate(
        IndexKey(column="Total", opclass="numeric_ops", nulls_first=True),
        IndexKey(expression="lower(email)", collation="pg_catalog.en-US-x-icu", descending=True),
        include=("status",),
        predicate="status = 'new'",
        unique=True,
    )
    assert create_index_sql(index, "My Index", concurrently=False) == (
        'CREATE UNIQUE INDEX "My Index" ON public.orders ("Total" numeric_ops NULLS FIRST, '
        "(lower(email)) COLLATE pg_catalog.\"en-US-x-icu\" DESC NULLS LAST) INCLUDE (status) WHERE status = 'new'"
    )


def test_the_access_method_and_operator_class_are_written_out() -> None:
    index = candidate(IndexKey(column="name", opclass="public.gist_trgm_ops(siglen=32)"), method="gist")
    expected = "CREATE INDEX CONCURRENTLY i ON public.orders USING gist (name public.gist_trgm_ops(siglen=32))"
    assert create_index_sql(index, "i") == expected


@pytest.mark.parametrize(
    "text", ["a); drop table t; --", "lower(a", "a) or (b", "a -- b", "a /* b */", "f($1)", "'a", ""]
)
def test_an_expression_that_could_end_the_statement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not one expression"):
        create_index_sql(candidate(IndexKey(expression=text)), "i")
    with pytest.raises(ValueError, match="not one expression"):
        create_index_sql(candidate(IndexKey(column="a"), predicate=text), "i")


def test_an_operator_class_cannot_carry_sql() -> None:
    index = candidate(IndexKey(column="a", opclass="x; drop table t"))
    assert create_index_sql(index, "i") == 'CREATE INDEX CONCURRENTLY i ON public.orders (a "x; drop table t")'
    for odd, written in (
        ("((", '"(("'),
        ("s.f(x", 's."f(x"'),
        ("f(a) , b", '"f(a) , b"'),
        ("f(siglen=32)", "f(siglen=32)"),
    ):
        index = candidate(IndexKey(column="a", opclass=odd))
        assert create_index_sql(index, "i") == f"CREATE INDEX CONCURRENTLY i ON public.orders (a {written})"


def test_an_index_is_dropped_by_its_qualified_name() -> None:
    assert drop_index_sql("My Schema", "i") == 'DROP INDEX CONCURRENTLY "My Schema".i'
    assert drop_index_sql("s", "i", concurrently=False) == "DROP INDEX s.i"


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (candidate(IndexKey(column="customer_id"), IndexKey(column="created_at")), "orders_customer_id_created_at_idx"),
        (candidate(IndexKey(expression="lower(email)")), "orders_lower_email_idx"),
        (candidate(IndexKey(expression="payload ->> 'kind'")), "orders_payload_idx"),
        (candidate(IndexKey(column="id"), predicate="status = 'new'"), "orders_id_partial_idx"),
        (candidate(IndexKey(column="tags"), method="gin"), "orders_tags_gin_idx"),
        (candidate(IndexKey(column="email"), unique=True), "orders_email_key"),
        (candidate(IndexKey(expression="1 + 1")), "orders_expr_idx"),
    ],
)
def test_the_name_says_what_the_index_is(index: CandidateIndex, expected: str) -> None:
    assert index_name(index, set()) == expected


def test_a_name_that_is_taken_is_counted_up() -> None:
    index = candidate(IndexKey(column="id"))
    assert index_name(index, {"orders_id_idx", "orders_id_idx2"}) == "orders_id_idx3"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80),
    st.lists(st.text(max_size=40), max_size=3),
)
def test_a_name_is_never_longer_than_63_bytes(table: str, columns: list[str]) -> None:
    keys = tuple(IndexKey(column=column.encode(errors="ignore").decode()) for column in columns)
    index = candidate(*keys, table=RelationName("public", table))
    taken: set[str] = set()
    for _ in range(12):
        name = index_name(index, taken)
        assert len(name.encode()) <= 63
        assert name not in taken
        taken.add(name)


def test_long_names_that_differ_at_the_end_stay_apart() -> None:
    names = [index_name(candidate(IndexKey(column="x" * 70 + end)), set()) for end in "ab"]
    assert len(set(names)) == 2
