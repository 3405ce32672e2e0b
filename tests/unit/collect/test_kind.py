"""Which entries of pg_stat_statements are queries."""

import pytest

from pgtune_cli.collect.kind import Kind, kind_of, query_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT 1", Kind.QUERY),
        ("  \n select 1", Kind.QUERY),
        ("/* app:shop /* nested */ */ -- x\n (SELECT 1) UNION SELECT 2", Kind.QUERY),
        ("((SELECT 1))", Kind.QUERY),
        ("with x as (select 1) insert into t select * from x", Kind.QUERY),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", Kind.QUERY),
        ("VALUES (1)", Kind.QUERY),
        ("TABLE t", Kind.QUERY),
        ("PREPARE p (int, numeric(10,2)) AS SELECT $1", Kind.QUERY),
        ('prepare "my ""p" as update t set a = $1', Kind.QUERY),
        ("PREPARE TRANSACTION 'x'", Kind.UTILITY),
        ("BEGIN", Kind.UTILITY),
        ("EXPLAIN (ANALYZE) SELECT 1", Kind.UTILITY),
        ("EXECUTE p(1)", Kind.UTILITY),
        ("DEALLOCATE ALL", Kind.UTILITY),
        ("FETCH 100 FROM c", Kind.UTILITY),
        ("COPY t TO STDOUT", Kind.UTILITY),
        ("CREATE TABLE x AS SELECT 1", Kind.UTILITY),
        ("selection", Kind.UTILITY),
        ("select set_config($1, $2, $3)", Kind.UTILITY),
        ("SELECT\n  current_setting($1) AS cur,\n  set_config($2, $3, $4) AS new", Kind.UTILITY),
        ("", Kind.UTILITY),
        ("$1", Kind.UTILITY),
        ("/* a comment that was cut off", Kind.QUERY),
        (None, Kind.HIDDEN),
        ("<insufficient privilege>", Kind.HIDDEN),
        ("SELECT /* pgtune */ 1", Kind.OWN),
        ("PREPARE x AS SELECT /* pgtune */ 1", Kind.OWN),
        ("WITH RECURSIVE typeinfo_tree(\n oid", Kind.OWN),
    ],
)
def test_the_first_word_behind_comments_decides(text: str | None, kind: Kind) -> None:
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("SELECT 1", "SELECT 1"),
        ("PREPARE p AS SELECT $1", "SELECT $1"),
        ("/* c */ prepare p (int,\n text) as  select $1, $2", "select $1, $2"),
        ('PREPARE "a b"(numeric(10,2)) AS SELECT $1', "SELECT $1"),
        ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION 'x'"),
        ("BEGIN", "BEGIN"),
    ],
)
def test_prepare_is_taken_off(text: str, query: str) -> None:
    assert query_of(text) == query
