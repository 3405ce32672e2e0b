"""--params: what is wrong in a file is named with its line."""

from pathlib import Path

import pytest

from pgtune_cli.cli.params_file import read_params
from pgtune_cli.errors import UsageError
from pgtune_cli.model.statement import Statement, ValueSet
from pgtune_cli.sql.fingerprint import fingerprint

QUERY = "select * from jobs where state = $1 and id > $2"


def statement(query: str = QUERY) -> Statement:
    return Statement(
        fingerprint=fingerprint(query),
        queryids=("-5",),
        query=query,
        calls=1,
        total_exec_time_ms=1,
        mean_exec_time_ms=1,
    )


def given(folder: Path, text: str) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
    (folder / "p.yaml").write_text(text)
    return read_params(folder / "p.yaml").given_to([statement()])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n  querry: x\n  sets: {b: [1]}", "p.yaml:2: unknown key 'querry' (did you mean 'query'?)"),
        ("a:\n  query: x\n  sets:\n    common: [1]", "p.yaml:4: 'common' is a name of pgtune's own"),
        ("a:\n  query: x\n  sets:\n    b: 5", "p.yaml:4: the set 'b' is neither a list"),
        ("a:\n  query: x\n  sets:\n    b: {x: 5}", "p.yaml:4: 'x' is no number of a parameter"),
        ("a:\n  query: x", "p.yaml:1: 'a' has no sets"),
        ("a: 5", "p.yaml:1: 'a' is no mapping"),
        ("a:\n  sets: {b: [1]}", "p.yaml:1: 'a' wants one of fingerprint, queryid and query"),
        ("a: [", "not YAML"),
        ("- a", "p.yaml:1: not a mapping"),
        (f"a:\n  query: '{QUERY}'\n  sets: {{b: [1]}}", "p.yaml:1: the set 'b' of 'a' gives no value for $2"),
        (f"a:\n  query: '{QUERY}'\n  sets: {{b: [1, 2, 3]}}", "p.yaml:1: the set 'b' of 'a' has a value too many, $3"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        given(tmp_path, text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "by",
    [
        f"fingerprint: {fingerprint(QUERY)}",
        "queryid: -5",
        "query: SELECT * FROM jobs WHERE state = 'x' AND id > 7",
        "query: 'select * from  JOBS *'",
        "query: '*id > $2'",
        "query: 'select * from jobs where * and *'",
    ],
)
def test_a_statement_is_named_in_four_ways(tmp_path: Path, by: str) -> None:
    found, missed = given(tmp_path, f"a:\n  {by}\n  sets: {{b: [x, 7]}}")
    assert found[0].given == (ValueSet(name="b", origin="params-file", values=("x", "7")),)
    assert missed == ()


@pytest.mark.parametrize("by", ["fingerprint: abc", "queryid: 5", "query: 'select * from job *'", "query: select 1"])
def test_an_entry_that_names_none_is_told(tmp_path: Path, by: str) -> None:
    found, missed = given(tmp_path, f"a:\n  {by}\n  sets: {{b: [x, 7]}}")
    assert found[0].given == ()
    assert len(missed) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("null", None),
        ("true", "true"),
        ("1.50", "1.5"),
        ("2024-01-02", "2024-01-02"),
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05"),
        ("[a b, 2]", '{"a b",2}'),
        ("{k: [1, x]}", '{"k":[1,"x"]}'),
        ("[{k: 1}]", '[{"k":1}]'),
    ],
)
def test_values_are_written_as_postgresql_reads_them(tmp_path: Path, value: str, expected: str | None) -> None:
    found, _ = given(tmp_path, f"a:\n  queryid: -5\n  sets: {{b: {{1: {value}, $2: 7}}}}")
    assert found[0].given[0].values == (expected, "7")
