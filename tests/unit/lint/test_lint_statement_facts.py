"""Facts of statements and conditions, told from texts, catalog and counters."""

from typing import Any

import msgspec
import pytest

from pgtune_cli.lint.facts import SUBJECTS, subjects
from pgtune_cli.lint.world import World
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Workload


def facts(kind: str, analysis: Any) -> list[Any]:
    world = World(analysis)
    found = [subject.facts for subject in subjects(kind, world)]
    assert world.skipped == []
    return found


def statement(shop: Any, text: str, **more: Any) -> Any:
    (found,) = facts("statement", shop.analysis(shop.statement(text, **more)))
    return found


def predicate(shop: Any, text: str, **snapshot: Any) -> Any:
    return facts("predicate", shop.analysis(shop.statement(text), **snapshot))[0]


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("select * from orders order by id limit 10", True),
        ("select * from orders order by placed_at desc, id limit 10", True),
        ("select * from orders order by placed_at limit 10", False),
        ("select * from orders where id = $1 order by placed_at limit 10", True),
        ("select * from orders where id = $1 or status = $2 order by placed_at limit 10", False),
        ("select * from orders o join customers c on c.id = o.customer_id order by o.id limit 10", True),
        ("select * from orders o join customers c on c.id = o.customer_id order by c.id limit 10", False),
        ("select * from orders o left join customers c on c.id = o.customer_id order by o.id limit 10", True),
        ("select * from customers c left join orders o on c.id = o.customer_id order by c.id limit 10", False),
        ("select * from customers order by ref limit 10", False),
        ("select status, count(*) from orders group by status order by status limit 5", True),
        ("select status, count(*) from orders group by status order by count(*) limit 5", False),
        ("select distinct status from orders order by status limit 5", None),
        ("select id from orders union select id from customers order by id limit 5", None),
        ("select * from (select id from orders) s order by id limit 5", True),
        ("select * from (select id, status from orders) s order by status limit 5", None),
        ("select * from orders o full join customers c on c.id = o.customer_id order by o.id limit 10", False),
        ("select * from orders o full join customers c on c.id = o.customer_id order by o.id, c.id limit 10", True),
        ("select * from orders o left join customers c on c.ref = 'x' and o.status = 'a' order by o.id limit 5", False),
        (
            "select c.id, c.email, count(*) from customers c join orders o on o.customer_id = c.id"
            " group by c.id, c.email order by c.id limit 5",
            True,
        ),
    ],
)
def test_an_order_is_total_when_keys_decide_every_row(shop: Any, text: str, total: bool | None) -> None:
    assert statement(shop, text).order_is_total is total


@pytest.mark.parametrize(
    ("text", "paginated"),
    [
        ("select * from orders order by placed_at limit $1 offset $2", True),
        ("select * from orders where placed_at < $1 order by placed_at desc limit $2", True),
        ("select * from orders where placed_at > $1 order by placed_at desc limit $2", False),
        ("select * from orders order by placed_at desc limit 10", False),
        ("select * from orders order by placed_at limit 10 offset 0", False),
        ("select * from orders order by placed_at offset $1", False),
    ],
)
def test_pages_are_told_by_offset_or_by_a_range_on_the_first_key(shop: Any, text: str, paginated: bool) -> None:
    assert statement(shop, text).paginated is paginated


def test_the_deepest_offset_is_unknown_unless_a_literal_was_seen(shop: Any) -> None:
    text = "select * from orders order by id limit 10 offset $1"
    sample = "select * from orders order by id limit 10 offset 5000"
    assert statement(shop, text).deepest_offset is None
    assert statement(shop, text, samples=(sample,), sample_channel="workload").deepest_offset == 5000
    assert statement(shop, "select * from orders order by id limit 10 offset 70").deepest_offset == 70


@pytest.mark.parametrize(
    ("text", "samples", "expected"),
    [
        ("select count(*) > $1 from orders", (), (True, None)),
        ("select count(*) > $1 from orders", ("select count(*) > 0 from orders",), (True, True)),
        ("select count(*) > $1 from orders", ("select count(*) > 5 from orders",), (True, False)),
        ("select count(*) from orders", (), (False, False)),
        ("select status from orders group by status having count(*) > $1", (), (True, False)),
        (
            "select id from customers c where (select count(*) from orders o where o.customer_id = c.id) > $1",
            (),
            (True, None),
        ),
        ("this is no statement", (), (None, None)),
    ],
)
def test_a_compared_count_asks_for_existence_only_where_that_was_seen(
    shop: Any, text: str, samples: tuple[str, ...], expected: tuple[bool | None, bool | None]
) -> None:
    found = statement(shop, text, samples=samples)
    assert (found.counts_and_compares, found.count_asks_existence) == expected


def test_files_of_sql_measure_nothing(shop: Any) -> None:
    analysis = shop.analysis(shop.statement("select 1"), workload=Workload(source="workload"))
    (found,) = facts("statement", analysis)
    assert (found.calls, found.rows_per_call, found.blocks_per_call, found.share_of_time) == (100, None, None, None)


def test_wide_columns_under_a_star_are_told_by_their_statistics(shop: Any) -> None:
    wide = [shop.statistics("orders", "payload", avg_width=900), shop.statistics("orders", "status", avg_width=7)]
    analysis = shop.analysis(shop.statement("select o.* from orders o join customers c on true"), statistics=wide)
    (found,) = facts("statement", analysis)
    assert (found.star_wide_columns, found.star_wide_bytes) == (("payload",), 900)


def test_no_wide_column_is_named_where_columns_are(shop: Any) -> None:
    analysis = shop.analysis(
        shop.statement("select id, payload from orders"),
        statistics=[shop.statistics("orders", "payload", avg_width=900)],
    )
    assert facts("statement", analysis)[0].star_wide_columns == ()


def loop(shop: Any, parent: str, **of_parent: Any) -> Any:
    child = shop.statement("select * from customers where id = $1", "c" * 16, calls=5000, rows=5000, roles=("app",))
    fields = {"calls": 100, "rows": 5000, "roles": ("app",), **of_parent}
    analysis = shop.analysis(child, shop.statement(parent, "b" * 16, **fields))
    return facts("statement", analysis)[0]


def test_a_lookup_for_each_row_of_another_statement_knows_its_parent(shop: Any) -> None:
    found = loop(shop, "select id, customer_id from orders where status = $1")
    assert (found.key_lookup, found.lookup_columns, found.loop_parent) == (True, ("id",), "b" * 16)
    assert (found.calls_per_parent_row, found.calls_per_parent_call) == (1.0, 50.0)


@pytest.mark.parametrize(
    ("parent", "of_parent"),
    [
        ("select id, name from tiny", {}),
        ("select o.id from orders o join customers c on c.id = o.customer_id", {}),
        ("select id, customer_id from orders where status = $1", {"roles": ("analyst",)}),
        ("select id, customer_id from orders where id = $1", {"calls": 5000}),
        ("update orders set status = $1", {}),
    ],
)
def test_a_statement_of_other_tables_roles_or_single_rows_is_no_parent(
    shop: Any, parent: str, of_parent: dict[str, Any]
) -> None:
    assert loop(shop, parent, **of_parent).loop_parent is None


@pytest.mark.parametrize(
    ("text", "nullable"),
    [
        ("select * from customers where id not in (select customer_id from orders)", False),
        ("select * from orders where customer_id not in (select id from customers where note is not null)", False),
        ("select * from orders where status not in (select note from customers)", True),
        ("select * from orders where status not in (select note from customers where note is not null)", False),
        ("select * from orders where status not in (select note from customers where note = $1 or id = 1)", True),
        ("select * from customers where note not in (select status from orders)", True),
        ("select * from orders where status not in (select lower(note) from customers)", None),
        ("select * from orders where customer_id not in (select c.id from tiny t left join customers c on true)", True),
    ],
)
def test_not_in_may_meet_a_null_by_the_catalog(shop: Any, text: str, nullable: bool | None) -> None:
    found = [item for item in facts("predicate", shop.analysis(shop.statement(text))) if item.kind == "not_in"]
    assert [(item.subquery, item.subquery_nullable) for item in found] == [(True, nullable)]


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("lower(email)", "(lower(email))"),
        ("lower(customers.email)", "(lower(email))"),
        ("lower(ref)", "(lower((ref)::text))"),
        ("LOWER( email )", "(lower(email))"),
    ],
)
def test_an_expression_is_found_in_an_index_however_it_is_written(shop: Any, expression: str, key: str) -> None:
    text = f"select * from customers where {expression} = $1"
    assert predicate(shop, text).expression_indexed is False
    assert predicate(shop, text, indexes=[shop.index(30, "customers", key)]).expression_indexed is True


def test_an_index_on_another_expression_does_not_serve(shop: Any) -> None:
    found = predicate(
        shop, "select * from customers where lower(email) = $1", indexes=[shop.index(30, "customers", "(upper(email))")]
    )
    assert found.expression_indexed is False


@pytest.mark.parametrize(
    ("text", "companion"),
    [
        ("select * from orders where lower(status) = $1", False),
        ("select * from orders where lower(status) = $1 and id = $2", True),
        ("select * from orders where lower(status) = $1 or id = $2", False),
        ("select * from orders where lower(status) = $1 and placed_at > $2", True),
        ("select * from orders where lower(status) = $1 and customer_id = $2", False),
    ],
)
def test_another_condition_may_enter_an_index(shop: Any, text: str, companion: bool) -> None:
    assert predicate(shop, text).companion_indexed is companion


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ((), None),
        (("select * from customers where note like '%x'",), True),
        (("select * from customers where note like 'x%'",), False),
        (("select * from customers where note like 'x%'", "select * from customers where note like '_x'"), True),
    ],
)
def test_a_leading_wildcard_is_known_only_from_patterns_that_were_seen(
    shop: Any, samples: tuple[str, ...], expected: bool | None
) -> None:
    analysis = shop.analysis(shop.statement("select * from customers where note like $1", samples=samples))
    assert facts("predicate", analysis)[0].leading_wildcard is expected


@pytest.mark.parametrize(
    ("text", "cast"),
    [
        ("select * from orders where placed_at::date = $1", "date"),
        ("select * from customers where ref::text = $1", ""),
        ("select * from customers where id::text = $1", "text"),
    ],
)
def test_a_cast_that_the_index_serves_is_none(shop: Any, text: str, cast: str) -> None:
    assert predicate(shop, text).cast == cast


def test_no_literal_of_a_statement_is_a_fact(shop: Any) -> None:
    text = "select * from customers where note like '%secret%' and lower(email) = 'secret' and ref in ('secret')"
    for kind in ("predicate", "statement"):
        for found in facts(kind, shop.analysis(shop.statement("select 1", samples=(text,)), shop.statement(text))):
            shown = {name: getattr(found, name) for name in SUBJECTS[kind].facts if name != "query"}
            assert "secret" not in str(shown)


def test_a_file_of_sql_costs_what_its_own_execution_did(shop: Any) -> None:
    import msgspec

    executed = shop.node("Seq Scan", "orders", Actual_Rows=5, Actual_Loops=1, Shared_Hit_Blocks=40)
    analysis = shop.analysis(
        shop.statement("select * from orders limit 5"), workload=Workload(source="workload"), plans={"a" * 16: executed}
    )
    assert facts("statement", analysis)[0].blocks_per_call is None
    made = analysis.plans["a" * 16]
    own = msgspec.structs.replace(
        made.plans[0], blocks=40, parameters=msgspec.structs.replace(made.plans[0].parameters, origin="literal")
    )
    literal = {"a" * 16: msgspec.structs.replace(made, plans=(own,))}
    (found,) = facts("statement", msgspec.structs.replace(analysis, plans=literal))
    assert (found.blocks_per_call, found.rows_per_call, found.blocks_per_row) == (40.0, 5.0, 8.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select id from orders order by placed_at, id limit $1 offset $2", 50.0),
        ("select id from orders where status = $1 order by placed_at, id limit 20 offset $2", None),
    ],
)
def test_blocks_over_the_plan_are_told_where_only_the_depth_is_open(
    shop: Any, text: str, expected: float | None
) -> None:
    document = shop.node("Seq Scan", "orders", Actual_Rows=20, Actual_Loops=1)
    analysis = shop.analysis(shop.statement(text, calls=10, shared_blks_hit=4000), plans={"a" * 16: document})
    (made,) = analysis.plans["a" * 16].plans
    plans = StatementPlans(fingerprint="a" * 16, plans=(msgspec.structs.replace(made, blocks=8),))
    (found,) = facts("statement", msgspec.structs.replace(analysis, plans={"a" * 16: plans}))
    assert found.blocks_over_plan == expected
