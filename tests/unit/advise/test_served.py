"""What an index serves already is not advised again because the values chosen for the plans do not meet it."""

import pytest
from support.advise_fakes import analysis, index, snapshot, statement, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.propose import propose
from pgtune_cli.advise.served import wholly_served
from pgtune_cli.advise.workload import items
from pgtune_cli.model.catalog import Index

JOB = table("job", "id bigint, state text, run_at timestamptz, owner bigint")
STATISTICS = (
    statistics("job", "state", 3, most_common_vals="{done,failed,ready}", most_common_freqs=(0.98, 0.01, 0.01)),
    statistics("job", "run_at"),
    statistics("job", "owner", 50_000),
)
PARTIAL = index("job_ready", "job", "run_at", predicate="(state = 'ready'::text)")
BRIN = index("job_run_at", "job", "run_at", method="brin")
QUEUE = "select id from job where state = $1 and run_at <= now() order by run_at limit 10"
DAY = "select count(*) from job where run_at >= $1 and run_at < $2"


@pytest.mark.parametrize(
    ("query", "existing", "blocks", "expected"),
    [
        (QUEUE, PARTIAL, 20, True),
        (QUEUE, PARTIAL, 9_000, False),
        (QUEUE, PARTIAL, 400, False),  # a small part of the table, and yet a lot
        (QUEUE, None, 20, False),
        (DAY, BRIN, 200, True),
        (DAY, BRIN, 5_000, False),
        ("select id from job where owner = $1", PARTIAL, 20, False),
        ("select id from job where owner = $1", BRIN, 20, False),
    ],
)
def test_few_measured_blocks_beside_a_partial_or_brin_index_mean_that_it_serves(
    query: str, existing: Index | None, blocks: int, expected: bool
) -> None:
    snap = snapshot([JOB], [existing] if existing else [], STATISTICS)
    facts = Facts(snap)
    (item,) = items(analysis(snap, statement("q", query, calls=10, shared_blks_hit=blocks * 10)), facts)
    assert wholly_served(item, facts) is expected
    found = propose([item], facts)
    assert (found.candidates == {} and found.hidden == ()) is expected


def test_unmeasured_statements_are_not_taken_for_served() -> None:
    snap = snapshot([JOB], [PARTIAL], STATISTICS, source="workload")
    facts = Facts(snap)
    (item,) = items(analysis(snap, statement("q", QUEUE)), facts)
    assert wholly_served(item, facts) is False
