"""Conditions whose share of the rows is known: which make a key, and which a partial index."""

import pytest
from support.advise_fakes import analysis, candidate, snapshot, statement, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.propose import propose
from pgtune_cli.advise.workload import items
from pgtune_cli.model.index import CandidateIndex

T = table("t", "tenant integer, deleted_at date, done boolean, state text, id integer")


def proposed(where: str, **shares: object) -> set[CandidateIndex]:
    stats = [
        statistics("t", "tenant", 500),
        statistics("t", "deleted_at", -0.1, null_frac=shares.get("null_frac", 0.0)),
        statistics("t", "done", 2, most_common_vals="{t,f}", most_common_freqs=shares.get("done", (0.5, 0.5))),
    ]
    snap = snapshot([T], stats=stats)
    facts = Facts(snap)
    return set(
        propose(items(analysis(snap, statement("s", f"select * from t where {where}")), facts), facts).candidates
    )


def test_a_condition_that_most_rows_meet_is_no_key() -> None:
    assert proposed("tenant = $1 and deleted_at is null", null_frac=0.9) == {candidate("t", "tenant")}


def test_a_condition_that_few_rows_meet_makes_a_partial_index() -> None:
    found = proposed("deleted_at is null order by id limit 10", null_frac=0.01)
    assert candidate("t", "id", predicate="deleted_at IS NULL") in found
    assert candidate("t", "deleted_at", "id") in found


@pytest.mark.parametrize("where", ["not done", "done = false", "done is false"])
def test_what_is_not_done_yet_makes_a_partial_index(where: str) -> None:
    found = proposed(f"{where} order by id limit 10", done=(0.99, 0.01))
    assert candidate("t", "id", predicate="NOT done") in found


@pytest.mark.parametrize("where", ["done", "done = true", "done is true"])
def test_what_is_done_does_not_where_nearly_all_is(where: str) -> None:
    found = proposed(f"{where} order by id limit 10", done=(0.99, 0.01))
    assert found == {candidate("t", "id")}


def test_equality_keys_are_tried_by_selectivity_too() -> None:
    assert candidate("t", "tenant", "done") in proposed("tenant = $1 and done = $2")


def test_a_literal_on_a_column_of_many_values_that_grow_with_the_table_is_a_key() -> None:
    """Its n_distinct is negative: a share of the rows."""
    assert candidate("t", "deleted_at") in proposed("deleted_at = '2024-01-01'")
