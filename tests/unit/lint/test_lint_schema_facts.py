"""Facts of tables, indexes and foreign keys."""

from typing import Any

import msgspec
import pytest

from pgtune_cli.lint.expiry import expiry_index
from pgtune_cli.lint.facts import subjects
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import IndexKey, RelationKind
from pgtune_cli.model.snapshot import IndexUsage, TableUsage


def facts(kind: str, analysis: Any) -> dict[str, Any]:
    world = World(analysis)
    found = {subject.facts.name: subject.facts for subject in subjects(kind, world)}  # type: ignore[attr-defined]
    assert world.skipped == []
    return found


def test_of_two_equal_indexes_the_elder_stays(shop: Any) -> None:
    twins = [shop.index(20, "orders", "status", name="b"), shop.index(21, "orders", "status", name="a")]
    usage = [IndexUsage(index=shop.name("a"), idx_scan=99)]
    found = facts("index", shop.analysis(indexes=twins, index_usage=usage))
    assert (found["b"].duplicate_of, found["a"].duplicate_of) == ("", "b")


def test_what_takes_over_from_a_used_index_that_goes_is_no_unused_index(shop: Any) -> None:
    """Of both, one dropped as a duplicate or a prefix and one as unused, none would be left."""
    indexes = [shop.index(20, "orders", "status", name="elder"), shop.index(21, "orders", "status", name="twin")]
    indexes += [shop.index(22, "orders", "zip", name="short"), shop.index(23, "orders", "zip", "status", name="long")]
    for scans, expected in ((9, ("twin", "", "", "short")), (0, ("", "", "", ""))):
        usage = [
            IndexUsage(index=shop.name(name), idx_scan=count)
            for name, count in (("elder", 0), ("twin", scans), ("short", scans), ("long", 0))
        ]
        found = facts("index", shop.analysis(indexes=indexes, index_usage=usage))
        assert tuple(found[name].stands_in_for for name in ("elder", "twin", "short", "long")) == expected


def test_an_index_with_duties_stays_whatever_its_age(shop: Any) -> None:
    found = facts("index", shop.analysis(indexes=[shop.index(1000, "orders", "id", name="extra", unique=True)]))
    assert (found["orders_pkey"].duplicate_of, found["extra"].duplicate_of) == ("", "orders_pkey")


@pytest.mark.parametrize(
    "more",
    [
        {"predicate": "(status = 'x'::text)"},
        {"method": "hash"},
        {"valid": False},
        {"include": ("payload",)},
    ],
)
def test_indexes_that_differ_are_no_duplicates(shop: Any, more: dict[str, Any]) -> None:
    twins = [shop.index(20, "orders", "status", name="plain"), shop.index(21, "orders", "status", name="other", **more)]
    found = facts("index", shop.analysis(indexes=twins))
    assert found["other"].duplicate_of == ""


def test_a_prefix_is_redundant_forwards_and_backwards(shop: Any) -> None:
    longer = shop.index(20, "orders", "status", "customer_id", name="longer")
    backwards = shop.index(21, "orders", "status", name="backwards")
    keys = (IndexKey(column="status", descending=True, nulls_first=True),)
    indexes = [longer, shop.index(22, "orders", "status", name="short"), msgspec.structs.replace(backwards, keys=keys)]
    found = facts("index", shop.analysis(indexes=indexes))
    assert (found["short"].prefix_of, found["backwards"].prefix_of, found["longer"].prefix_of) == ("longer",) * 2 + (
        "",
    )


@pytest.mark.parametrize("more", [{"unique": True}, {"predicate": "(status = 'x'::text)"}, {"method": "gist"}])
def test_a_prefix_that_does_more_is_not_redundant(shop: Any, more: dict[str, Any]) -> None:
    longer = shop.index(20, "orders", "status", "customer_id", name="longer")
    found = facts("index", shop.analysis(indexes=[longer, shop.index(22, "orders", "status", name="short", **more)]))
    assert found["short"].prefix_of == ""


def test_an_index_can_be_had_back_concurrently(shop: Any) -> None:
    found = facts("index", shop.analysis(indexes=[shop.index(20, "orders", "status")]))
    assert found["orders_status_idx"].create_sql == (
        "CREATE INDEX CONCURRENTLY orders_status_idx ON public.orders USING btree (status)"
    )


def test_a_definition_that_is_more_than_one_statement_is_not_repeated(shop: Any) -> None:
    bad = msgspec.structs.replace(
        shop.index(20, "orders", "status"), definition="CREATE INDEX a ON b (c); DROP TABLE b"
    )
    assert facts("index", shop.analysis(indexes=[bad]))["orders_status_idx"].create_sql is None


def test_a_foreign_key_knows_its_index_its_lookups_and_its_deletes(shop: Any) -> None:
    analysis = shop.analysis(
        shop.statement("select * from orders where customer_id = $1", "a" * 16, calls=70),
        shop.statement("select * from orders where customer_id = $1 and id = $2", "b" * 16, calls=900),
        shop.statement(
            "select * from customers c join orders o on o.customer_id = c.id where c.id = $1", "c" * 16, calls=5
        ),
        tables=[TableUsage(table=shop.name("customers"), n_tup_del=8)],
        statistics=[shop.statistics("orders", "customer_id", n_distinct=-0.2)],
    )
    (found,) = facts("foreign_key", analysis).values()
    assert (found.indexed, found.lookup_calls, found.join_calls, found.parent_deletes, found.distinct) == (
        False, 70, 5, 8, 60_000,
    )  # fmt: skip
    assert found.index_sql == "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id)"
    assert found.drop_sql == "DROP INDEX CONCURRENTLY public.orders_customer_id_idx"


def test_indexes_of_a_partitioned_table_are_not_made_concurrently(shop: Any) -> None:
    analysis = shop.analysis()
    catalog = analysis.snapshot.catalog
    relations = tuple(msgspec.structs.replace(one, kind=RelationKind.PARTITIONED) for one in catalog.relations)
    catalog = msgspec.structs.replace(catalog, relations=relations, indexes=())
    snapshot = msgspec.structs.replace(analysis.snapshot, catalog=catalog)
    analysis = msgspec.structs.replace(analysis, snapshot=snapshot)
    (found,) = facts("foreign_key", analysis).values()
    assert found.index_sql == "CREATE INDEX orders_customer_id_idx ON public.orders (customer_id)"
    assert found.drop_sql == "DROP INDEX public.orders_customer_id_idx"
    assert expiry_index(World(analysis), shop.name("orders"), "placed_at") == (
        "CREATE INDEX orders_placed_at_idx ON public.orders (placed_at)",
        "DROP INDEX public.orders_placed_at_idx",
    )


@pytest.mark.parametrize(
    ("columns", "more", "indexed"),
    [
        (("customer_id",), {}, True),
        (("customer_id", "status"), {}, True),
        (("status", "customer_id"), {}, False),
        (("customer_id",), {"valid": False}, False),
        (("customer_id",), {"predicate": "(customer_id IS NOT NULL)"}, True),
        (("customer_id",), {"predicate": "(status = 'x'::text)"}, False),
        (("customer_id",), {"method": "brin"}, False),
    ],
)
def test_a_foreign_key_is_indexed_by_what_starts_with_it(
    shop: Any, columns: tuple[str, ...], more: dict[str, Any], indexed: bool
) -> None:
    (found,) = facts("foreign_key", shop.analysis(indexes=[shop.index(20, "orders", *columns, **more)])).values()
    assert found.indexed is indexed


def test_statistics_are_missing_for_certain_only_where_nothing_was_ever_analyzed(shop: Any) -> None:
    seen = facts("table", shop.analysis(statistics=[shop.statistics("orders", "id")]))
    assert (seen["public.orders"].has_statistics, seen["public.customers"].has_statistics) == (True, None)


def test_a_table_counts_what_changed_since_it_was_analyzed(shop: Any) -> None:
    usage = TableUsage(table=shop.name("orders"), n_live_tup=600_000, n_mod_since_analyze=150_000, n_tup_upd=10,
                       n_tup_hot_upd=4)  # fmt: skip
    found = facts("table", shop.analysis(tables=[usage]))["public.orders"]
    assert (found.modified_fraction, found.growth, found.hot_fraction, found.analyzed) == (0.5, 2.0, 0.4, False)


def test_unknown_counters_are_unknown(shop: Any) -> None:
    found = facts("table", shop.analysis())["public.orders"]
    assert (found.live_rows, found.modified_fraction, found.seq_scans, found.analyzed) == (None,) * 4
