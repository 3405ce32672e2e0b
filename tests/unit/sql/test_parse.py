import subprocess
import sys
import time

import pytest

from pgtune_cli.sql.edits import Edit, Offsets, OverlappingEdits, apply_edits
from pgtune_cli.sql.parse import parse


@pytest.mark.parametrize(
    "text",
    [
        "select a from t where b in ($1,$2)",
        "insert into t values ($1,$2),($3,$4)",
        "select now() - interval $1, date $2, extract($3 from ts) from t",
        "select a from t where b in ($1 /*, ... */)",
        "select a from t where j @> $1 and j ? $2 and tags && $3 and x <@ $4 and q @@ $5",
        "(((select 1)))",
    ],
)
def test_what_drivers_send_is_parsed(text: str) -> None:
    assert parse(text) is not None


@pytest.mark.parametrize(
    "text", ["", ";", "select 'abc", "select 1; select 2", "vacuum t", "select from where", "(((("]
)
def test_what_is_no_statement_is_not(text: str) -> None:
    assert parse(text) is None


def test_nodes_know_their_text_in_the_original() -> None:
    text = 'select  lower( t."E" ) ,a - b - c from t where d > now() - interval $1 day and x in ($2,$3)'
    parsed = parse(text)
    assert parsed is not None
    items = [parsed.source(item) for item in parsed.tree.expressions]
    assert items == ['lower( t."E" )', "a - b - c"]
    both = parsed.tree.args["where"].this
    assert parsed.source(both.this) == "d > now() - interval $1 day"
    assert parsed.source(both.expression) == "x in ($2,$3)"


@pytest.mark.parametrize(
    "text",
    [
        "select 1 from t where a in (" + ",".join(map(str, range(100_000))) + ")",
        "insert into t values " + ",".join(f"({number}, 'x{number}', null)" for number in range(30_000)),
        "select 1 from t where " + " or ".join(f"a = {number}" for number in range(3_000)),
        "select " + "(" * 60 + "1" + ")" * 60,
    ],
)
def test_long_texts_are_parsed_in_bounded_time(text: str) -> None:
    begin = time.monotonic()
    assert parse(text) is not None
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize(
    "text",
    [
        "select " + "(" * 5_000 + "1" + ")" * 5_000,
        "select " + "f(" * 3_000 + "1" + ")" * 3_000,
        "select " + " + ".join(f"f{number}(a)" for number in range(60_000)),
    ],
)
def test_texts_that_are_too_deep_or_too_long_are_given_up(text: str) -> None:
    begin = time.monotonic()
    assert parse(text) is None
    assert time.monotonic() - begin < 20


def test_the_recursion_limit_is_left_as_it_was() -> None:
    before = sys.getrecursionlimit()
    parse("select " + "(" * 3_000 + "1" + ")" * 3_000)
    assert sys.getrecursionlimit() == before


def test_sqlglot_is_imported_on_first_use() -> None:
    modules = "fingerprint, statements, workload_files, shape, clauses, repair, parse, index_ddl"
    script = f"import sys; from pgtune_cli.sql import {modules}; print('sqlglot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_positions_lead_back_through_edits() -> None:
    text = "interval $1 day, $2,$3"
    edits = [Edit(0, 15, "$1::interval day"), Edit(19, 19, " ")]
    edited = apply_edits(text, edits)
    assert edited == "$1::interval day, $2 ,$3"
    back = Offsets(edits)
    assert (back.start(0), back.end(16)) == (0, 15)
    assert text[back.start(18) : back.end(20)] == "$2"
    assert text[back.start(22) : back.end(24)] == "$3"


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(OverlappingEdits):
        apply_edits("abc", [Edit(0, 2, "x"), Edit(1, 3, "y")])


def test_comments_may_stand_within_what_sqlglot_reads_as_one_word() -> None:
    text = "SELECT a FROM t WHERE a IS /* x */ NOT -- y\n NULL GROUP /*+ z */ BY a ORDER /* /* nested */ */ BY a"
    found = parse(text)
    assert found is not None
    (key,) = found.tree.args["order"].expressions
    assert found.source(key) == "a"
