"""Conditions: what they may say, what they are told when wrong, and what unknown facts make of them."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pgtune_cli.lint.check import check
from pgtune_cli.lint.condition import ConditionFailed, Unknown, compile_condition
from pgtune_cli.lint.tokens import ConditionError
from pgtune_cli.lint.types import Fact, Type

FACTS = {
    name: Fact(name=name, type=kind, description=name)
    for name, kind in {
        "rows": Type.NUMBER, "loops": Type.NUMBER, "kind": Type.STRING, "valid": Type.BOOL, "columns": Type.STRINGS,
        "shares": Type.NUMBERS,
    }.items()
}  # fmt: skip
PARAMS = {"limit": Type.NUMBER, "names": Type.STRINGS}
VALUES: dict[str, Any] = {"limit": 10.0, "names": ["a", "b"]}


def holds(text: str, **facts: Any) -> bool:
    subject = SimpleNamespace(**{**dict.fromkeys(FACTS), **facts})
    return compile_condition(text, "node", FACTS, PARAMS).holds(subject, VALUES)


def mistake(text: str) -> str:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, "node", FACTS, PARAMS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("node.rows > 1.5", True),
        ("node.rows > params.limit", True),
        ("node.rows * 2 == 84", True),
        ("node.rows / 4 == 10.5", True),
        ("node.rows - 2 * 3 + 1 == 37", True),
        ("-node.rows < 0", True),
        ("size(node.columns) * 2 == 4", True),
        ("node.kind in ['a', 'x']", True),
        ("node.kind in params.names", False),
        ("node.kind.startsWith('x') && !node.kind.contains('y')", True),
        ("node.kind.matches('^x+$')", True),
        ("node.columns.exists(c, c == 'b')", True),
        ("node.columns.all(c, node.shares.exists(s, s > 0.4))", True),
        ("node.rows > 100 ? node.valid : !node.valid", False),
        ("(node.rows > 1 || node.valid) && node.kind != 'y' // why not", True),
    ],
)
def test_a_condition_is_cel_over_doubles(text: str, expected: bool) -> None:
    facts = {"rows": 42, "kind": "x", "valid": True, "columns": ("a", "b"), "shares": (0.5,)}
    assert holds(text, **facts) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("node.row > 1", "node has no fact 'row' (did you mean 'rows'?)"),
        ("nodes.rows > 1", "unknown name 'nodes' (did you mean 'node'?)"),
        ("node.rows > params.limits", "params has no 'limits' (did you mean 'limit'?)"),
        ("node.rows", "yields a number, not a bool"),
        ("node.rows == 'x'", "'==' compares a number with a string"),
        ("node.rows == null", "facts are not compared with null: use has(subject.fact)"),
        ("node.kind + 'x' == 'xx'", "'+' wants a number, found a string"),
        ("node.valid > true", "'>' does not compare a bool"),
        ("node.valid && node.rows", "'&&' wants a bool, found a number"),
        ("!node.rows", "'!' wants a bool, found a number"),
        ("1 < node.rows < 3", "comparisons do not chain; join two with &&"),
        ("node.kind in node.shares", "'in' wants a list of string at its right, found a list of numbers"),
        ("node.kind.lower() == 'x'", "a string has no 'lower'"),
        ("node.columns.map(c, c)", "a list of strings has no 'map'"),
        ("size(node.rows) > 1", "size() wants a list or a string, found a number"),
        ("node.rows >", "'the end' is not expected here"),
        ("node.rows > 1 1", "expected the end, found '1'"),
        ("node.rows % 2 == 1", "'%' is not understood here"),
        ("node.kind = 'Sort'", "'=' is written == here"),
        ("node.valid and node.rows > 1", "'and' is written && here"),
        ("not node.valid", "'not' is written ! here"),
        ("node.valid & node.rows > 1", "'&' is written && here"),
        ("node.columns.exists(node, true)", "'node' has a meaning already"),
        ("node.__class__ == node.rows", "node has no fact '__class__'"),
        ("has(node)", "expected ., found ')'"),
        ("has(params.limit)", "expected node, found 'params'"),
        ("node.valid ? 1 : 'x'", "':' wants a number, found a string"),
        ("[true, false] == [true]", "a list holds strings or numbers, not a bool"),
        ("node.kind == 'unclosed", '"\'" is not understood here'),
    ],
)
def test_a_mistake_is_named(text: str, expected: str) -> None:
    assert mistake(text) == expected


def test_a_pattern_that_is_none_is_a_mistake() -> None:
    assert "'(' not a valid regex" in mistake("node.kind.matches('(')")


@pytest.mark.parametrize(
    "text",
    [
        "node.rows > 1",
        "node.rows > 1 && node.valid",
        "node.valid && node.rows > 1",
        "node.rows == 1 || !node.valid",
        "node.rows != 1",
        "!(node.rows > 1)",
        "node.kind in ['a'] || !node.valid",
        "node.columns.exists(c, c == 'x')",
        "node.rows > 1 ? true : false",
    ],
)
def test_a_condition_that_depends_on_an_unknown_fact_is_unknown(text: str) -> None:
    with pytest.raises(Unknown):
        holds(text, valid=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("node.rows > 1 && !node.valid", False),
        ("!node.valid && node.rows > 1", False),
        ("node.rows > 1 || node.valid", True),
        ("node.valid || node.rows > 1", True),
        ("has(node.rows) && node.rows > 1", False),
        ("!has(node.rows) || node.rows > 1", True),
        ("has(node.rows) ? node.rows > 1 : node.valid", True),
    ],
)
def test_an_unknown_fact_that_decides_nothing_does_not_matter(text: str, expected: bool) -> None:
    assert holds(text, valid=True) is expected


def test_the_unknown_fact_is_named() -> None:
    with pytest.raises(Unknown) as caught:
        holds("node.valid && node.loops > 1", valid=True)
    assert caught.value.fact == "loops"


def test_zero_by_zero_is_no_verdict() -> None:
    with pytest.raises(ConditionFailed, match="could not be computed"):
        holds("node.rows / node.loops > 1", rows=0, loops=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(" * 60 + "node.valid" + ")" * 60, "nested deeper than 40"),
        ("node.valid" + " && node.valid" * 1000, "longer than 4000 characters"),
        ("!!node.valid", "'!' twice"),
        (
            "node.columns.exists(a, node.columns.exists(b, node.columns.exists(c, a == b)))",
            "more than 2 loops inside each other",
        ),
        ("[1, 2].map(a, [1, 2].map(b, a)) == [1]", "a list of numbers has no 'map'"),
        ("node.rows.value > 1", "a number has no 'value'"),
        ("''' + ''' == node.kind", "expected the end, found \"' + '\""),
        ("type(node.kind) == 'x'", "unknown name 'type'"),
    ],
)
def test_a_condition_cannot_be_a_bomb(text: str, expected: str) -> None:
    assert mistake(text).startswith(expected)


def test_the_facts_and_parameters_that_it_reads_are_known() -> None:
    checked = check("node.rows > params.limit && has(node.loops)", "node", FACTS, PARAMS)
    assert (checked.facts, checked.params) == ({"rows", "loops"}, {"limit"})


def test_the_evaluator_is_the_packages_own_without_its_command_line() -> None:
    code = (
        "import sys; from pgtune_cli.lint.evaluator import cel; assert 'prompt_toolkit' not in sys.modules;"
        "import cel as package; assert package.compile is cel.compile; print(cel.evaluate('1 + 2'))"
    )
    other_way_round = "import cel as package; from pgtune_cli.lint.evaluator import cel; print(package.cel is cel)"
    for program, said in ((code, "3\n"), (other_way_round, "True\n")):
        answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (answer.stdout, answer.stderr) == (said, "")
