import pytest

from pgtune_cli.sql.repair import repair, repairs_for_error


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select now() - interval $1", "select now() - $1::interval"),
        ("select interval $1 day to second", "select $1::interval day to second"),
        ("select interval(3) $1", "select $1::interval(3)"),
        ("select date $1, x", "select $1::date, x"),
        ("select timestamp(3) with time zone $1", "select $1::timestamp(3) with time zone"),
        ("select double precision $1", "select $1::double precision"),
        ('select public.citext $1, "My Type" $2', 'select $1::public.citext, $2::"My Type"'),
        ("select numeric(10, 2) $1", "select $1::numeric(10, 2)"),
        ("select extract($1 from ts)", "select pg_catalog.extract($1::text, ts)"),
        ("select xmlexists($1 passing by ref xml $2)", "select xmlexists($1 passing by ref CAST($2 AS xml))"),
        (
            "select json_value(a, $1 returning int default $2 on empty $3 on error)",
            "select json_value(a, $1 returning int default null on empty null on error)",
        ),
    ],
)
def test_a_typed_literal_of_a_parameter_becomes_a_cast(text: str, expected: str) -> None:
    assert repair(text) == expected


def test_extract_is_date_part_before_14() -> None:
    assert repair("select extract($1 from ts)", 130023) == "select pg_catalog.date_part($1::text, ts)"


def test_every_extract_is_rewritten_when_one_must_be() -> None:
    text = "select extract($1 from a) from t group by extract(dow from a)"
    expected = "select pg_catalog.extract($1::text, a) from t group by pg_catalog.extract('dow'::text, a)"
    assert repair(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "select $1 from t where a = $2 and b in ($3,$4) and c between $5 and $6 limit $7 offset $8",
        "select a from t where x like $1 escape $2 and y at time zone $3 > $4 and not $5",
        "select case when $1 then $2 else $3 end from t group by $4 order by $5",
        "select sum(a) over (order by b rows between $1 preceding and $2 following) from t",
        "select interval '1 day', date '2024-01-01' from t where extract(year from ts) = $1",
        "select a from t where b = any($1) fetch first $2 rows only",
        "update t set a = $1 where b = 'date $2'",
        "select 'cut off date $1",
        "insert into t values ($1,$2),($3,$4) on conflict do nothing",
        "select trim(both $1 from a), substring(a from $2 for $3), overlay(a placing $4 from $5) from t",
    ],
)
def test_what_is_not_broken_is_left_alone(text: str) -> None:
    assert repair(text) == text


def candidates(text: str, sqlstate: str, message: str, position: int | None = None) -> list[str]:
    return list(repairs_for_error(text, sqlstate, message, position))


def test_a_parameter_of_unknown_type_becomes_text() -> None:
    text = "select concat($1, name, $2) from t"
    first = candidates(text, "42P18", "could not determine data type of parameter $1")[0]
    assert first == "select concat(($1::text), name, ($2::text)) from t"


def test_a_gap_in_the_numbers_is_closed() -> None:
    text = "select $1 from t where a = $3 and b = $4"
    first = candidates(text, "42P18", "could not determine data type of parameter $2")[0]
    assert first == "select $1 from t where a = $2 and b = $3"


def test_equal_expressions_get_equal_parameters() -> None:
    text = "select date_trunc($1, ts), count(*) from t group by date_trunc($2, ts) order by DATE_TRUNC($3, ts) desc"
    expected = "select date_trunc($1, ts), count(*) from t group by date_trunc($1, ts) order by DATE_TRUNC($1, ts) desc"
    assert candidates(text, "42803", "must appear in the GROUP BY clause") == [expected]


def test_a_constant_that_group_by_still_shows_is_used_in_the_select_list() -> None:
    text = "select to_char(ts, $1), sum($2) from t group by to_char(ts, 'YYYY')"
    expected = "select to_char(ts, 'YYYY'), sum($2) from t group by to_char(ts, 'YYYY')"
    assert candidates(text, "42803", "must appear in the GROUP BY clause") == [expected]


@pytest.mark.parametrize("sets", ["rollup ({}, b)", "grouping sets (({}), (b, c), ())", "b, cube (({}, b), c)"])
def test_equal_expressions_within_grouping_sets_get_equal_constants(sets: str) -> None:
    text = "select date_trunc($1, a), b from t group by " + sets.format("date_trunc('month', a)")
    expected = text.replace("$1", "'month'")
    assert list(repairs_for_error(text, "42803", "must appear in the GROUP BY clause", 8)) == [expected]


def test_all_gaps_in_the_numbers_are_closed_at_once() -> None:
    found = repairs_for_error("select $3 from t limit $5", "42P18", "could not determine data type of parameter $1", 1)
    assert next(found) == "select $1 from t limit $2"


def test_the_branches_of_a_case_within_a_call_are_given_a_type_together() -> None:
    text = "select sum(case when status = $1 then $2 else $3 end), max(case when a then $4 end) from t"
    found = repairs_for_error(text, "42883", "function sum(text) does not exist", 8)
    assert next(found) == text.replace("$2", "($2::int4)").replace("$3", "($3::int4)")


def test_the_path_of_json_table_is_written_out() -> None:
    text = "select * from json_table($1, $2 columns (a int path '$.a')) t"
    message = "only string constants are supported in JSON_TABLE path specification"
    assert list(repairs_for_error(text, "0A000", message, 27)) == [text.replace("$2", "'$'")]


def test_an_operator_that_is_not_unique_is_given_an_interval_beside_times() -> None:
    text = "select a from t where ts > now() - $1"
    message = "operator is not unique: timestamp with time zone - unknown"
    assert (
        candidates(text, "42725", message, text.index("- $1") + 1)[0]
        == "select a from t where ts > now() - ($1::interval)"
    )


def test_the_cast_goes_to_the_parameter_at_the_error() -> None:
    text = "select $1 from t where -$2 = a"
    assert candidates(text, "42725", "operator is not unique: - unknown", text.index("-$2") + 1)[0] == (
        "select $1 from t where -($2::int4) = a"
    )


def test_columns_of_a_values_list_take_the_type_they_are_compared_with() -> None:
    text = "select 1 from (values ($1,$2),($3,$4)) v(a,b) join t on t.id = v.a"
    message = "operator does not exist: bigint = text"
    expected = "select 1 from (values (($1::bigint),$2),(($3::bigint),$4)) v(a,b) join t on t.id = v.a"
    assert candidates(text, "42883", message, text.index("= v.a") + 1)[0] == expected


def test_no_candidate_equals_the_text_or_another() -> None:
    text = "select $1 + $2 from t"
    found = candidates(text, "42725", "operator is not unique: unknown + unknown", 11)
    assert text not in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("sqlstate", ["42P01", "42703", "42601", "25006"])
def test_nothing_is_tried_for_what_casts_cannot_mend(sqlstate: str) -> None:
    assert candidates("select $1 from nowhere", sqlstate, "whatever", 1) == []
