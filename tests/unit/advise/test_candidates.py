"""Which candidates a statement gives rise to, from its text."""

import pytest
from support.advise_fakes import analysis, candidate, index, snapshot, statement, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.propose import Proposals, propose
from pgtune_cli.advise.workload import items
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.index_ddl import create_index_sql

ORDERS = table("orders", "id bigint, customer bigint, status text, placed timestamptz, gone timestamptz, note json, "
                         "data jsonb, tags text[], mail character varying(80)")  # fmt: skip
CUSTOMERS = table("customers", "id bigint, name text, region integer")
TINY = table("tiny", "id integer, name text", pages=10)
FREQUENCIES = (0.9, 0.05, 0.03, 0.02)
STATISTICS = (
    statistics("orders", "customer", 50_000),
    statistics("orders", "status", 4, most_common_vals='{done,open,"on hold",new}', most_common_freqs=FREQUENCIES),
    statistics("orders", "gone", 900, null_frac=0.1),
    statistics("orders", "placed", -0.9),
    statistics("customers", "region", 12),
)  # fmt: skip


def proposals(
    *statements: Statement, indexes: tuple[object, ...] = (), source: str = "pg_stat_statements"
) -> Proposals:
    snap = snapshot([ORDERS, CUSTOMERS, TINY], indexes, STATISTICS, source=source)  # type: ignore[arg-type]
    facts = Facts(snap)
    return propose(items(analysis(snap, *statements), facts), facts)


def written(found: Proposals) -> set[str]:
    return {sql(each) for each in found.candidates}


def sql(made: CandidateIndex) -> str:
    """Without the words that all have."""
    return create_index_sql(made, "i", concurrently=False).removeprefix("CREATE INDEX i ON public.")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select * from orders where customer = $1", {"orders (customer)"}),
        ("select * from orders where customer = $1 and placed > $2",
         {"orders (customer)", "orders (placed)", "orders (customer, placed)"}),
        ("select * from orders where customer = $1 order by placed desc limit 10",
         {"orders (customer)", "orders (customer, placed)", "orders (placed)"}),
        ("select * from orders where customer = $1 order by placed desc nulls last limit 10",
         {"orders (customer)", "orders (customer, placed DESC NULLS LAST)", "orders (placed DESC NULLS LAST)"}),
        ("select * from orders order by placed desc, id limit 10", {"orders (placed DESC, id)"}),
        ("select * from orders order by placed desc, id desc limit 10", {"orders (placed, id)"}),
        ("select * from orders order by placed, id desc limit 10", {"orders (placed, id DESC)"}),
        # without LIMIT an order alone is no reason to read a whole table by index
        ("select * from orders order by placed", {"orders (placed)"}),
        ("select * from orders where status = $1 and customer = $2",
         {"orders (status)", "orders (customer)", "orders (customer, status)"}),
        ("select * from orders where customer in ($1, $2) and placed between $3 and $4",
         {"orders (customer)", "orders (placed)", "orders (customer, placed)"}),
        ("select * from orders where customer = $1 or status = $2", {"orders (customer)", "orders (status)"}),
        ("select * from orders where lower(mail) = $1", {"orders ((lower(mail)))"}),
        ("select * from orders o where lower(o.mail) = lower($1)", {"orders ((lower(mail)))"}),
        ("select max(placed) from orders where customer = $1",
         {"orders (customer)", "orders (placed)", "orders (customer, placed)"}),
        ("select status, count(*) from orders where customer = $1 group by status",
         {"orders (customer)", "orders (customer, status)", "orders (status)"}),
        ("select distinct status from orders", {"orders (status)"}),
        ("select distinct on (customer) * from orders order by customer, placed desc",
         {"orders (customer, placed DESC)"}),
        ("update orders set status = $1 where customer = $2", {"orders (customer)"}),
        ("delete from orders where placed < $1", {"orders (placed)"}),
        ("select * from orders where data @> $1",
         {"orders USING gin (data jsonb_path_ops)", "orders USING gin (data)"}),
        ("select * from orders where tags && $1", {"orders USING gin (tags)"}),
        ("select * from orders where data ? $1", {"orders USING gin (data)"}),
        # a cast in the way, a type without an order, a table too small to matter
        ("select * from orders where customer::text = $1", {"orders ((customer::text))"}),
        ("select * from orders where mail::text = $1", {"orders (mail)"}),
        ("select * from orders where note::text = $1", {"orders ((note::text))"}),
        ("select * from tiny where name = $1", set()),
        ("select * from nowhere where name = $1", set()),
        ("select * from orders where customer <> $1", set()),
        ("select * from orders where customer = placed", set()),
    ],
)  # fmt: skip
def test_candidates_of_one_table(query: str, expected: set[str]) -> None:
    found = written(proposals(statement("s", query)))
    assert {text for text in found if "WHERE" not in text and "INCLUDE" not in text} == expected


def test_a_join_is_a_look_up_from_both_sides_with_each_tables_own_conditions() -> None:
    query = "select * from orders o join customers c on c.id = o.customer where c.region = $1 and o.status = $2"
    assert written(proposals(statement("s", query))) == {
        "orders (status)", "orders (customer)", "orders (customer, status)", "orders (status, customer)",
        "customers (region)", "customers (id)", "customers (id, region)", "customers (region, id)",
    }  # fmt: skip


def test_a_correlated_subquery_is_a_look_up_of_its_table() -> None:
    query = "select c.name, (select max(o.placed) from orders o where o.customer = c.id) from customers c"
    assert "orders (customer, placed)" in written(proposals(statement("s", query)))


@pytest.mark.parametrize(("read", "held"), [("status", True), ("data", False), ("note", False), ("tags", True)])
def test_a_document_is_not_held_along(read: str, held: bool) -> None:
    """One that is longer than an entry may be could not be written any more."""
    found = written(proposals(statement("s", f"select {read} from orders where customer = $1")))
    assert any(f"INCLUDE ({read})" in text for text in found) == held


def test_what_an_index_covers_is_not_proposed() -> None:
    have = index("orders_customer_placed", "orders", "customer", "placed")
    found = written(
        proposals(
            statement("s", "select * from orders where customer = $1 order by placed desc limit 10"), indexes=(have,)
        )
    )
    assert found == {"orders (placed)"}


def test_equality_keys_that_serve_more_statements_come_first() -> None:
    both = statement("a", "select * from orders where status = $1 and mail = $2")
    others = [statement(f"b{n}", f"select {n} from orders where status = $1 and placed > $2") for n in range(2)]
    assert "orders (status, mail)" in written(proposals(both, *others))


def test_at_most_four_keys() -> None:
    query = "select * from orders where customer=$1 and status=$2 and mail=$3 and gone=$4 order by placed, id limit 5"
    assert max(len(each.keys) for each in proposals(statement("s", query)).candidates) == 4


def partial(found: Proposals) -> dict[str, str]:
    return {sql(each): channel for each, channel in found.candidates.items() if each.predicate}


def test_is_null_in_the_text_makes_a_partial_index() -> None:
    found = proposals(statement("s", "select * from orders where gone is null and customer = $1"))
    assert partial(found) == {"orders (customer) WHERE gone IS NULL": "text"}


def test_a_condition_that_most_rows_meet_makes_none() -> None:
    snap = snapshot([ORDERS], (), [statistics("orders", "gone", 900, null_frac=0.95)])
    facts = Facts(snap)
    query = "select * from orders where gone is null and customer = $1"
    assert partial(propose(items(analysis(snap, statement("s", query)), facts), facts)) == {}


def test_a_constant_of_a_workload_file_makes_a_partial_index() -> None:
    query = "select * from orders where status = 'on hold' order by placed limit 5"
    found = partial(proposals(statement("s", query), source="workload"))
    assert found == {"orders (placed) WHERE status = 'on hold'": "workload"}


def test_a_sampled_constant_makes_a_partial_index_and_names_its_channel() -> None:
    hidden = statement(
        "s", "select * from orders where status = $1 order by placed limit 5",
        samples=("select * from orders where status = 'new' order by placed limit 5",),
        sample_channel="pg_stat_activity",
    )  # fmt: skip
    assert partial(proposals(hidden)) == {"orders (placed) WHERE status = 'new'": "pg_stat_activity"}


@pytest.mark.parametrize(
    "condition", ["status = 'done'", "customer = 17", "status <> 'new'", "status = $1", "status like 'n%'"]
)
def test_a_common_value_a_key_and_a_hidden_constant_make_none(condition: str) -> None:
    query = f"select * from orders where {condition} order by placed limit 5"
    assert partial(proposals(statement("s", query), source="workload")) == {}


def test_a_hidden_constant_of_a_skewed_column_is_possible() -> None:
    found = proposals(statement("s", "select * from orders where status = $1 order by placed limit 5"))
    (hidden,) = found.hidden
    assert (hidden.candidate, hidden.skew.column, hidden.skew.values, hidden.skew.largest, hidden.fingerprint) == (
        candidate("orders", "placed"), "status", 4, 0.9, "s",
    )  # fmt: skip


def test_a_hostile_constant_stays_a_constant() -> None:
    evil = statistics("orders", "status", 3, most_common_vals="{a}", most_common_freqs=(0.9,))
    snap = snapshot([ORDERS], (), [evil], source="workload")
    facts = Facts(snap)
    query = "select * from orders where status = 'x'') ; drop table orders; --' order by placed limit 5"
    found = propose(items(analysis(snap, statement("s", query)), facts), facts)
    assert list(partial(found)) == ["orders (placed) WHERE status = 'x'') ; drop table orders; --'"]
