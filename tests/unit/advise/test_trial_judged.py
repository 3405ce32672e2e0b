"""What the runs of a trial say of an index."""

import msgspec
import pytest

from pgtune_cli.advise.scratch import NotBuilt
from pgtune_cli.advise.trial_judged import judged
from pgtune_cli.model.index import ChosenIndex, DroppedIndex, IndexAdvice, StatementBenefit

ADVICE = IndexAdvice(
    engine="clone", workload_cost_before=10.0, workload_cost_after=1.0, storage_bytes=300,
    chosen=tuple(
        ChosenIndex(
            sql=f"CREATE INDEX {name}", steps=(), rollback_sql="", name=name, relation="s.t", columns=(),
            size_bytes=100, benefit=1.0, write_cost=0.0, evidence={}, confidence="high", why="",
            statements=(StatementBenefit(fingerprint=name, cost_before=9, cost_after=1),),
        )
        for name in ("a", "b", "c")
    ),
)  # fmt: skip
SLOW, FAST = [(100, 10.0), (100, 10.4), (100, 10.2)], [(100, 5.0), (100, 5.2), (100, 5.1)]
SIZES: dict[str, int | NotBuilt] = {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("after", "verdict", "kept"),
    [
        (FAST, "faster", True),
        ([(5, 10.1), (5, 10.0), (5, 10.3)], "same", True),  # fewer blocks, though all of them were cached
        (SLOW, "same", False),
        ([(100, 9.0), (100, 30.0), (100, 10.0)], "undecided", True),
        ([(100, 20.0), (100, 21.0), (100, 22.0)], "slower", False),
    ],
)
def test_an_index_goes_when_it_helped_none_of_its_statements(
    after: list[tuple[int, float]], verdict: str, kept: bool
) -> None:
    found = judged(ADVICE, {"a": SLOW}, {"a": after}, SIZES, ())
    assert found.trial is not None
    assert [one.verdict for one in found.trial.statements] == [verdict]
    assert [index.name for index in found.chosen] == (["a"] if kept else []) + ["b", "c"]  # those were not executed
    assert found.trial.dropped == (() if kept else ("CREATE INDEX a",))
    assert found.storage_bytes == (300 if kept else 200)
    assert found.workload_cost_after == (1.0 if kept else None)


def test_what_could_not_be_built_goes_only_for_its_rows() -> None:
    results = {
        **SIZES,
        "a": NotBuilt("the index row is too long", of_rows=True),
        "b": NotBuilt("no room", of_rows=False),
    }
    found = judged(ADVICE, {}, {}, results, ("s.t is smaller there",))
    assert [(index.name, index.measured_bytes) for index in found.chosen] == [("b", None), ("c", 3)]
    assert found.trial is not None
    assert [(one.sql, one.reason) for one in found.trial.failed] == [
        ("CREATE INDEX b", "it could not be built in the trial: no room")
    ]
    assert found.rejected[0].reason == "it could not be built in the trial: the index row is too long"
    assert found.trial.notes == ("s.t is smaller there",)


def test_what_was_to_be_dropped_beside_an_index_that_goes_stays() -> None:
    """c takes the place of others of its table: without them gone it is of no use."""
    drops = tuple(DroppedIndex(f"DROP {table}", "", "", table) for table in ("s.t", "s.u"))
    a, b, c = ADVICE.chosen
    chosen = (a, msgspec.structs.replace(b, relation="s.u"), msgspec.structs.replace(c, statements=()))
    advice = msgspec.structs.replace(ADVICE, chosen=chosen, dropped=drops)
    kept = judged(advice, {"a": SLOW}, {"a": FAST}, SIZES, ())
    assert ([each.name for each in kept.chosen], kept.dropped) == (["a", "b", "c"], drops)

    found = judged(advice, {"a": SLOW}, {"a": SLOW}, SIZES, ())
    assert ([each.name for each in found.chosen], found.dropped) == (["b"], drops[1:])
    assert found.storage_bytes == 100
    assert found.trial is not None
    assert found.trial.dropped == ("CREATE INDEX a", "CREATE INDEX c", "DROP s.t")
    reasons = {one.sql: one.reason for one in found.rejected}
    assert reasons["DROP s.t"] == "it was verified beside an index of the table that the trial turned down"

    unbuilt = judged(advice, {}, {}, {**SIZES, "a": NotBuilt("no room", of_rows=False)}, ())
    assert unbuilt.dropped == drops  # that index is advised still


def test_what_ran_with_other_values_says_nothing_of_an_index() -> None:
    rare = StatementBenefit(fingerprint="a", cost_before=9, cost_after=1, values=("rare",))
    advice = msgspec.structs.replace(ADVICE, chosen=(msgspec.structs.replace(ADVICE.chosen[0], statements=(rare,)),))
    for ran, kept in (("common", 1), ("rare", 0)):
        assert len(judged(advice, {"a": SLOW}, {"a": SLOW}, SIZES, (), {"a": ran}).chosen) == kept
