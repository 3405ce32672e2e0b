"""Values for parameters, from statistics alone: of the right type, of the right frequency, never an error."""

from datetime import UTC, datetime

import msgspec
import pytest

from pgtune_cli.explain import ages
from pgtune_cli.explain.column_values import column_values
from pgtune_cli.explain.text_values import like_prefix
from pgtune_cli.explain.type_values import default_value, fitted
from pgtune_cli.explain.values import value_sets
from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind, UserType
from pgtune_cli.model.snapshot import ColumnStatistics, Server, Snapshot, Workload
from pgtune_cli.model.statement import Statement, ValueSet

COLUMNS = {
    "id": "bigint",
    "status": "text",
    "total": "numeric(10,2)",
    "placed_at": "timestamp with time zone",
    "tags": "text[]",
    "payload": "jsonb",
    "mood": "public.mood",
    "email": "public.citext",
    "during": "tstzrange",
    "note": "text",
    "codes": "integer[]",
    "words": "tsvector",
}


def statistics(column: str, **fields: object) -> ColumnStatistics:
    known = {"schema": "public", "table": "orders", "column": column, "null_frac": 0.0, "avg_width": 8}
    return ColumnStatistics(**{**known, "n_distinct": -1.0, **fields})  # type: ignore[arg-type]


STATISTICS = (
    statistics("id", histogram_bounds="{1,100,200,300,400,500,600,700,800,900,1000}"),
    statistics("status", n_distinct=4, most_common_vals="{done,pending,failed}", most_common_freqs=(0.9, 0.09, 0.01)),
    statistics("total", histogram_bounds="{0.50,10.00,20.00,30.00,40.00,50.00,60.00,70.00,80.00,90.00,99.50}"),
    statistics(
        "placed_at", histogram_bounds="{" + ",".join(f'"2024-01-{day:02} 00:00:00+00"' for day in range(1, 32)) + "}"
    ),
    statistics("tags", most_common_elems="{red,green,blue}", most_common_elem_freqs=(0.5, 0.3, 0.1, 0.1, 0.5, 0.0)),
    statistics(
        "codes",
        histogram_bounds='{"{1}","{2}","{3}","{4}","{5}","{6}","{7}","{8}","{9}"}',
        most_common_elems="{9,1}",
        most_common_elem_freqs=(0.5, 0.3, 0.1, 0.1, 0.5, 0.0),
    ),
    statistics("words", most_common_elems="{one,two}", most_common_elem_freqs=(0.5, 0.3, 0.1, 0.5)),
    statistics("payload", histogram_bounds='{"{\\"kind\\": \\"a\\", \\"n\\": 1}","{\\"kind\\": \\"b\\", \\"n\\": 2}"}'),
    statistics("email", histogram_bounds="{a@X.org,Bob@X.org,c@X.org,Dan@X.org,e@X.org}"),
    statistics("during", range_bounds_histogram='{"[2024-01-01,2024-02-01)","[2024-03-01,2024-04-01)"}'),
)
SNAPSHOT = Snapshot(
    pgtune_version="0",
    server=Server(version_num=180000, version="18", database="d", user="u"),
    workload=Workload(source="pg_stat_statements"),
    catalog=Catalog(
        relations=(
            Relation(
                oid=1,
                schema="public",
                name="orders",
                kind=RelationKind.TABLE,
                reltuples=1000.0,
                columns=tuple(
                    Column(attnum=number, name=name, type=kind, not_null=True)
                    for number, (name, kind) in enumerate(COLUMNS.items(), start=1)
                ),
            ),
            Relation(
                oid=2,
                schema="public",
                name="recent",
                kind=RelationKind.VIEW,
                view_definition="SELECT o.id AS number, o.status FROM public.orders o",
                columns=(
                    Column(attnum=1, name="number", type="bigint", not_null=False),
                    Column(attnum=2, name="status", type="text", not_null=False),
                ),
            ),
        ),
        types=(
            UserType(schema="public", name="mood", kind="e", labels=("sad", "ok")),
            UserType(schema="public", name="positive", kind="d", base_type="integer"),
        ),
    ),
    statistics=STATISTICS,
)


def sets(query: str, *types: str, rows: int = 0, calls: int = 0, samples: tuple[str, ...] = ()) -> tuple[ValueSet, ...]:
    statement = Statement(
        fingerprint="f",
        query=query,
        calls=calls,
        rows=rows,
        total_exec_time_ms=1.0,
        mean_exec_time_ms=1.0,
        samples=samples,
    )
    return value_sets(query, types, statement, SNAPSHOT)


def values(query: str, *types: str, rows: int = 0, calls: int = 0) -> dict[str, tuple[str | None, ...] | None]:
    return {one.name: one.values for one in sets(query, *types, rows=rows, calls=calls)}


def test_equality_takes_frequent_middling_and_rare_values() -> None:
    assert values("select * from orders where status = $1", "text") == {
        "typical": ("pending",),
        "common": ("done",),
        "rare": ("failed",),
        "absent": ("pending~",),
        "generic": None,
    }


def test_the_rows_of_a_call_tell_the_typical_value() -> None:
    found = values("select * from orders where status = $1", "text", rows=8_800, calls=100)
    assert found["typical"] == ("pending",)


def test_a_unique_column_gives_a_value_from_the_middle() -> None:
    assert values("select * from orders where id = $1", "bigint")["typical"] == ("500",)


def test_the_elements_of_a_list_differ() -> None:
    typical = values("select * from orders where id in ($1, $2, $3)", "bigint", "bigint", "bigint")["typical"]
    assert typical is not None
    assert len(set(typical)) == 3


def test_an_array_parameter_becomes_a_list_of_values() -> None:
    assert values("select * from orders where status = any($1)", "text[]")["typical"] == ("{pending,failed,done}",)


def test_the_bounds_of_a_range_are_in_order() -> None:
    for one in sets("select * from orders where total between $1 and $2", "numeric", "numeric"):
        if one.values is not None:
            low, high = one.values
            assert float(low or 0) <= float(high or 0)


def test_dates_are_taken_from_the_recent_end() -> None:
    assert values("select * from orders where placed_at > $1", "timestamp with time zone")["typical"] == (
        "2024-01-28 00:00:00+00",
    )


def test_the_rows_of_a_call_tell_the_width_of_a_range() -> None:
    found = values("select * from orders where id > $1", "bigint", rows=500, calls=1)
    assert found["typical"] == ("500",)


def test_a_pattern_is_a_prefix_with_its_wildcards_escaped() -> None:
    assert values("select * from orders where email like $1", "text")["typical"] == ("c@X.%",)


def test_a_pattern_goes_beyond_what_all_values_begin_with() -> None:
    """`user%` finds every row of user1, user2, …: nobody looks for that, and a LIMIT over it costs nothing."""
    names = "{user10000,user23456,user34567,user45678,user59999}"
    found = column_values(statistics("email", histogram_bounds=names), 60_000)
    assert (found.shared_prefix, like_prefix("user34567", "typical", found.shared_prefix)) == (4, "user3456%")
    assert column_values(statistics("email", histogram_bounds="{user1}"), 60_000).shared_prefix == 0


def test_a_function_of_the_column_is_applied_to_the_value() -> None:
    assert values("select * from orders where lower(email) = $1", "text")["typical"] == ("c@x.org",)


def test_limit_comes_from_the_rows_of_a_call_and_offset_is_ten_pages_deep() -> None:
    found = values("select * from orders order by id limit $1 offset $2", "bigint", "bigint", rows=2000, calls=100)
    assert found["typical"] == ("20", "200")
    assert found["common"] == ("20", "0")


def test_a_limit_is_bounded() -> None:
    assert values("select * from orders limit $1", "bigint", rows=10**9, calls=1)["typical"] == ("1000",)


def test_array_elements_come_from_the_most_common_ones() -> None:
    assert values("select * from orders where tags @> $1", "text[]") == {
        "typical": ("{green}",),
        "common": ("{red}",),
        "rare": ("{blue}",),
        "generic": None,
    }
    assert values("select * from orders where $1 = any(tags)", "text")["common"] == ("red",)


def test_whole_arrays_are_compared_with_whole_arrays_in_order() -> None:
    found = values("select * from orders where codes between $1 and $2", "integer[]", "integer[]")
    assert found["common"] == ("{4}", "{6}")
    assert values("select * from orders where codes = $1", "integer[]")["typical"] == ("{5}",)


def test_a_documents_words_are_no_whole_document() -> None:
    found = values("select * from orders where words between $1 and $2", "tsvector", "tsvector")
    assert found["typical"] == ("a", "a")
    assert values("select * from orders where words @@ $1", "tsquery")["typical"] == ("'two'",)


def test_a_document_is_reduced_to_one_key() -> None:
    assert values("select * from orders where payload @> $1", "jsonb")["typical"] == ('{"kind":"b"}',)


def test_the_key_of_a_document_and_the_element_of_an_array_return_what_came_back_a_call() -> None:
    documents = ",".join(f'"{{\\"kind\\": \\"{"ab"[number % 4 > 0]}\\", \\"n\\": {number}}}"' for number in range(100))
    known = (statistics("payload", histogram_bounds=f"{{{documents}}}"), *STATISTICS)
    snapshot = msgspec.structs.replace(SNAPSHOT, statistics=known)
    for text, kind, rows, expected in (
        ("payload @> $1", "jsonb", 8000, '{"kind":"b"}'),
        ("payload @> $1", "jsonb", 30, '{"n":50}'),
        ("tags @> $1", "text[]", 5200, "{red}"),
        ("tags @> $1", "text[]", 20, "{blue}"),
    ):
        asked = Statement(
            fingerprint="f", query="q", calls=10, rows=rows, total_exec_time_ms=1.0, mean_exec_time_ms=0.1
        )
        found = value_sets(f"select * from orders where {text}", [kind], asked, snapshot)
        assert found[0].values == (expected,), (text, rows)


def test_the_value_of_a_path_is_read_from_a_document() -> None:
    assert values("select * from orders where payload ->> 'n' = $1", "text")["typical"] == ("2",)
    assert values("select * from orders where payload ->> $1 = $2", "text", "text")["typical"] == ("kind", "b")


def test_an_enum_without_statistics_takes_its_first_label() -> None:
    found = sets("select * from orders where mood = $1", "mood")
    assert [(one.name, one.origin, one.values) for one in found] == [
        ("typical", "default", ("sad",)),
        ("generic", "generic", None),
    ]


def test_a_range_column_takes_a_range_that_occurs() -> None:
    assert values("select * from orders where during && $1", "tstzrange")["typical"] == ("[2024-03-01,2024-04-01)",)


def test_an_interval_reaches_back_to_where_rows_are() -> None:
    """A tenth, a half and a hundredth of the rows are younger, however old all of them are."""
    passed = datetime.now(UTC) - datetime(2024, 1, 1, tzinfo=UTC)
    for text, types, unit in (
        ("placed_at > now() - $1", "interval", " days"),
        ("placed_at >= date_trunc('day', now()) - interval '1 day' * $1", "double precision", ""),
        ("placed_at between current_date - $1 and now()", "integer", ""),
    ):
        found = values(f"select * from orders where {text}", types)
        for name, day in (("typical", 27), ("common", 15), ("rare", 30)):
            ((value,),) = [found[name]]
            assert value is not None
            assert value.endswith(unit)
            assert int(value.removesuffix(unit)) == pytest.approx(passed.days - day + 1, abs=1), (text, name)


def test_what_is_purged_is_the_oldest() -> None:
    passed = datetime.now(UTC) - datetime(2024, 1, 4, tzinfo=UTC)
    ((value,),) = [values("delete from orders where placed_at < now() - $1", "interval")["typical"]]
    assert value is not None
    assert int(value.removesuffix(" days")) == pytest.approx(passed.days, abs=1)


def test_an_interval_without_statistics_is_a_day_a_week_or_a_month() -> None:
    found = values("select * from orders where now() - $1 > '2024-01-01'", "interval")
    assert (found["typical"], found["common"], found["rare"]) == (("7 days",), ("30 days",), ("1 day",))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 seconds"), (3600, "3600 seconds"), (7300, "3 hours"), (86_400 * 40 + 1, "41 days")]
)
def test_an_age_is_rounded_up(seconds: float, text: str) -> None:
    assert ages.interval(seconds) == text


@pytest.mark.parametrize("value", ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "9999-01-01", "x", ""])
def test_what_lies_ahead_or_is_no_date_has_no_age(value: str) -> None:
    assert ages.seconds_since(value) is None


def test_the_column_of_a_view_has_the_statistics_of_its_table() -> None:
    assert values("select * from recent where number = $1", "bigint")["typical"] == ("500",)


def test_the_field_of_date_trunc_is_a_field() -> None:
    assert values("select date_trunc($1, placed_at) from orders", "text")["typical"] == ("day",)


def test_a_text_without_parameters_has_its_own_literals() -> None:
    assert sets("select 1") == (ValueSet(name="literal", origin="literal"),)


def test_a_sampled_text_is_the_one_of_record() -> None:
    found = sets(
        "select * from orders where status = $1", "text", samples=("select * from orders where status = 'failed'",)
    )
    assert found[0] == ValueSet(name="literal", origin="sample", values=("failed",))
    assert [one.name for one in found] == ["literal", "typical", "common", "absent", "generic"]


def test_a_text_that_no_parser_takes_gets_defaults() -> None:
    found = sets("select $1 from xmltable(( broken", "integer", "text")
    assert (found[0].origin, found[0].values) == ("default", ("1", "a"))


def test_values_of_another_type_are_not_forced_upon_a_parameter() -> None:
    assert values("select * from orders where status::integer = $1", "integer")["typical"] == ("1",)


@pytest.mark.parametrize(
    ("value", "column", "parameter", "expected"),
    [
        ("1.5", "numeric(10,2)", "integer", "2"),
        ("99999999999", "bigint", "integer", "2147483647"),
        ("-5", "integer", "oid", "0"),
        ("NaN", "double precision", "integer", None),
        ("NaN", "double precision", "numeric", "NaN"),
        ("1e400", "numeric", "bigint", str(2**63 - 1)),
        ("x", "text", "integer", None),
        ("5", "public.positive", "integer", "5"),
        ("ok", "public.mood", "mood", "ok"),
        ("ok", "text", "mood", None),
        ("2024-01-01", "date", "timestamp with time zone", "2024-01-01"),
        ("anything", "bytea", "text", "anything"),
    ],
)
def test_a_columns_value_is_fitted_to_the_parameter(value: str, column: str, parameter: str, expected: str) -> None:
    assert fitted(value, column, parameter, SNAPSHOT.catalog) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bigint", "1"),
        ("character varying", "a"),
        ("public.citext", "a"),
        ("uuid[]", "{00000000-0000-0000-0000-000000000000}"),
        ("positive", "1"),
        ("mood[]", "{sad}"),
        ("somebody.elses_type", None),
    ],
)
def test_every_known_type_has_a_harmless_value(name: str, expected: str | None) -> None:
    assert default_value(name, SNAPSHOT.catalog) == expected


@pytest.mark.parametrize("text", ["insert into orders (id, note) values {}", "select {} @@@ id in ({})"])
def test_thousands_of_parameters_are_looked_at_once_each(text: str) -> None:
    """Quadratic in any of its steps, and this takes a minute, and an hour for a hundred thousand."""
    numbers = range(1, 6001, 2)
    rows = ", ".join(f"(${number}, ${number + 1})" for number in numbers)
    sql = text.format(rows, ", ".join(f"${number}" for number in range(1, 6001)))
    statement = Statement(fingerprint="1", query=sql, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0)
    found = value_sets(sql, ("integer",) * 6000, statement, SNAPSHOT)
    assert len(found[0].values or ()) == 6000
