"""How often a guessed set of values is sent, told from the measured times."""

import pytest
from support.advise_fakes import analysis, only, snapshot, statement, table

from pgtune_cli.advise.believed import LEAST, LEAST_KNOWN, believed
from pgtune_cli.advise.costs import SetCost, StatementCost
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item, items
from pgtune_cli.model.statement import ValueSet

SNAPSHOT = snapshot([table("t", "a integer")])
TYPICAL, COMMON = (ValueSet(name=name, origin="pg_stats", values=(name,)) for name in ("typical", "common"))


def weights(ms: float, common: ValueSet = COMMON, known: int = LEAST_KNOWN) -> list[float]:
    """Of a statement that costs 10 or 5,000 and took `ms` a call, beside others at a millisecond for 1,000 units."""
    asked = [statement(f"s{number}", "select * from t", ms=0.1) for number in range(known)]
    mixed = statement("mixed", "select * from t where a = $1", ms=ms)
    found: list[Item] = items(analysis(SNAPSHOT, *asked, mixed, sets=(TYPICAL, common)), Facts(SNAPSHOT))
    costs = {f"s{number}": (100.0, 100.0) for number in range(known)} | {"mixed": (10.0, 5000.0)}
    base = {}
    for key, pair in costs.items():
        base[key] = StatementCost(sum(pair) / 2, only(), tuple(SetCost(cost, only()) for cost in pair))
    before = {item.fingerprint: item.values for item in found}
    after = {item.fingerprint: item.values for item in believed(found, base)}
    assert all(after[key] == before[key] for key in after if key != "mixed")
    return [round(weight, 4) for _, weight in after["mixed"]]


def test_a_set_that_costs_far_more_than_a_call_took_is_rare() -> None:
    assert weights(ms=0.05) == [pytest.approx(1 - 0.018, abs=0.001), pytest.approx(0.018, abs=0.001)]
    assert weights(ms=0.001)[1] == pytest.approx(LEAST, abs=0.0005)


def test_what_the_times_leave_room_for_stays() -> None:
    assert weights(ms=5.0) == [0.6667, 0.3333]


def test_values_that_were_seen_are_believed() -> None:
    assert weights(ms=0.05, common=ValueSet(name="common", origin="params-file", values=("x",)))[1] > 0.5


def test_a_few_statements_do_not_tell_what_a_cost_unit_takes() -> None:
    assert weights(ms=0.05, known=LEAST_KNOWN - 1) == [0.6667, 0.3333]
