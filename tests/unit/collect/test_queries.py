"""The catalog queries as files."""

import pytest

from pgtune_cli.collect.connection import MARK
from pgtune_cli.collect.doctor import statements_sent
from pgtune_cli.collect.kind import Kind, kind_of
from pgtune_cli.collect.queries import Query, all_queries


@pytest.mark.parametrize("query", all_queries(), ids=lambda query: query.name)
def test_a_query_says_what_it_reads_and_carries_the_mark(query: Query) -> None:
    assert query.reads
    assert query.needs
    assert query.text.startswith(f"SELECT {MARK}")
    assert kind_of(query.text) is Kind.OWN


def test_print_sql_shows_every_query_that_is_sent() -> None:
    shown = dict(statements_sent())
    assert {query.name for query in all_queries()} <= set(shown)
    assert "{range_columns}" not in "".join(shown.values())
