"""Plain parts of a condition are decided without CEL, and never otherwise than CEL would."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.lint.condition import Condition, Unknown, compile_condition
from pgtune_cli.lint.types import Fact, Type

TYPES = {"rows": Type.NUMBER, "kind": Type.STRING, "valid": Type.BOOL}
FACTS = {name: Fact(name=name, type=kind, description=name) for name, kind in TYPES.items()}
PARAMS: dict[str, Any] = {"limit": 10.0, "kinds": ["Sort", "Hash"]}
PARTS = (
    "node.rows >= params.limit", "node.rows < 5", "node.rows != 3.5", "node.rows == 7", 'node.kind == "Sort"',
    'node.kind != "Hash"', 'node.kind in ["Sort", "Limit"]', "node.kind in params.kinds", "node.valid", "!node.valid",
    "(node.rows > 3 || node.valid)", "has(node.kind)", "node.rows * 2 > params.limit", "node.valid == true",
)  # fmt: skip


def outcome(condition: Condition, facts: object) -> bool | None:
    try:
        return condition.holds(facts, PARAMS)
    except Unknown:
        return None


@given(
    parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=4),
    rows=st.none() | st.sampled_from([0, 3.5, 4, 7, 10, 11]),
    kind=st.none() | st.sampled_from(["Sort", "Hash", "Limit", ""]),
    valid=st.none() | st.booleans(),
)
def test_guards_say_what_cel_says(parts: list[str], rows: float | None, kind: str | None, valid: bool | None) -> None:
    condition = compile_condition(" && ".join(parts), "node", FACTS, {"limit": Type.NUMBER, "kinds": Type.STRINGS})
    slow = Condition(condition.text, condition.variable, condition.checked, condition.program)
    facts = SimpleNamespace(rows=rows, kind=kind, valid=valid)
    assert outcome(condition, facts) is outcome(slow, facts)
