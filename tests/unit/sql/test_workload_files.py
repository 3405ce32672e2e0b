import os
from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.model.snapshot import SampledText, Skipped
from pgtune_cli.sql.split import split_script
from pgtune_cli.sql.workload_files import read_files, read_workload


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_script_is_divided_at_the_semicolons_that_end_a_statement() -> None:
    script = """select ';' , $$;$$ /* ; */ from a; -- ;
        create function f() returns int begin atomic select 1; select case when true then 2 end; end;
        ; insert into t values (1)"""
    assert [statement.text.split("\n")[0] for statement in split_script(script)] == [
        "select ';' , $$;$$ /* ; */ from a",
        "create function f() returns int begin atomic select 1; select case when true then 2 end; end",
        "insert into t values (1)",
    ]


def test_statements_are_weighed_and_merged(tmp_path: Path) -> None:
    file = write(
        tmp_path / "w.sql",
        """-- shop
        -- pgtune: calls=1200 mean_ms=2.5
        select * from a where x = 'k';
        begin;
        select 2 from a where x in (1, 2);
        -- pgtune: calls=9
        select 2 from a where x in (3);
        commit;
        """,
    )
    found = read_workload(file)
    assert [(row.query, row.calls, row.total_exec_time_ms) for row in found.rows] == [
        ("select * from a where x = 'k'", 1200, 3000.0),
        ("select 2 from a where x in (1, 2)", 10, 0.0),
    ]
    assert found.samples == (
        SampledText("select * from a where x = 'k'", "workload", 1200.0),
        SampledText("select 2 from a where x in (1, 2)", "workload", 1.0),
        SampledText("select 2 from a where x in (3)", "workload", 9.0),
    )
    assert (found.source, found.total_statements, found.total_exec_time_ms) == ("workload", 2, 3000.0)


def test_a_folder_is_read_file_by_file_in_order(tmp_path: Path) -> None:
    write(tmp_path / "b.sql", "select 2")
    write(tmp_path / "a" / "z.sql", "select a from t")
    write(tmp_path / "notes.txt", "not sql")
    assert [row.query for row in read_workload(tmp_path).rows] == ["select a from t", "select 2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1;\n\nselect 'abc", "w.sql:3: a string, quoted name or comment that starts here has no end"),
        ("-- pgtune: calls=many\nselect 1", "w.sql:2: calls and mean_ms are numbers"),
        ("-- pgtune: cals=3\nselect 1", "w.sql:2: unknown setting 'cals=3'"),
        ("-- pgtune: calls=0\nselect 1", "w.sql:2: calls must be at least 1 and mean_ms must not be negative"),
        ("-- pgtune: mean_ms=nan\nselect 1", "w.sql:2: calls must be at least 1 and mean_ms must not be negative"),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path / "w.sql", text)
    with pytest.raises(UsageError) as caught:
        read_workload(file)
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the workload .*nowhere.sql: No such file"):
        read_workload(tmp_path / "nowhere.sql")


def test_a_folder_without_sql_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \.sql file below"):
        read_workload(tmp_path)


def test_a_file_without_a_statement_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no statement to analyse"):
        read_workload(write(tmp_path / "w.sql", "-- nothing\nbegin; commit;"))


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "w.sql"
    file.write_bytes(b"select 1;\nselect '\xff';")
    with pytest.raises(UsageError, match=r"w.sql:2: not UTF-8"):
        read_workload(file)


def test_of_a_folder_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.sql", "select 1;\nvacuum t;\nselect a from t")
    write(tmp_path / "b.sql", "select 'no end")
    (tmp_path / "c.sql").write_bytes(b"\xff")
    workload, skipped = read_files(tmp_path)
    assert [(row.query, row.origin) for row in workload.rows] == [
        ("select 1", f"{tmp_path}/a.sql:1"),
        ("select a from t", f"{tmp_path}/a.sql:3"),
    ]
    assert skipped == (
        Skipped(f"statement at {tmp_path}/a.sql:2", "a utility statement, VACUUM, which has no plan"),
        Skipped(
            f"workload file {tmp_path}/b.sql", "line 1: a string, quoted name or comment that starts here has no end"
        ),
        Skipped(f"workload file {tmp_path}/c.sql", "line 1: not UTF-8", "save the file as UTF-8"),
    )


def test_a_named_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.sql")
    (tmp_path / "b.sql").write_text("SELECT 1")
    workload, skipped = read_files(tmp_path)
    assert [row.query for row in workload.rows] == ["SELECT 1"]
    assert [one.why for one in skipped] == ["a named pipe"]


def test_what_is_meant_for_psql_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    script = r"""\set id '7'
        \timing on
        select a from t where b = E'\\' and c = ';\x' -- \i not.sql
        ;
        select b from t \; select b2 from t \gexec
        select c from t
        \g | cat
        \echo it's
        copy t from stdin;
        1\t2
        \.
        select d from t;
        \connect other"""
    workload, skipped = read_files(write(tmp_path / "w.sql", script))
    texts = [row.query.strip().partition(" --")[0] for row in workload.rows]
    assert texts[0] == r"select a from t where b = E'\\' and c = ';\x'"
    assert [text for text in texts if text.startswith("select")][1:] == [
        "select b from t", "select b2 from t", "select c from t", "select d from t",
    ]  # fmt: skip
    named = [one.what.replace(str(tmp_path), "") for one in skipped]
    assert [what for what in named if what.startswith("\\")][:3] == [
        "\\set at /w.sql:1", "\\timing at /w.sql:2", "\\gexec at /w.sql:5",
    ]  # fmt: skip
    assert Skipped(f"statement at {tmp_path}/w.sql:9", "a utility statement, COPY, which has no plan") in skipped
