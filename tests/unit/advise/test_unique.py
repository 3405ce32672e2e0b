"""Which chosen indexes are asked about before they may be UNIQUE, and what is said of them."""

import asyncio
from collections.abc import Sequence

import pytest
from support.advise_fakes import (
    Table,
    analysis,
    candidate,
    index,
    only,
    snapshot,
    statement,
    statistics,
    table,
)

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.unique import uniqueness
from pgtune_cli.model.catalog import Index, IndexKey, Relation, RelationKind
from pgtune_cli.model.index import CandidateIndex, ChosenIndex

T = table("t", "id integer, mail text, a integer, b integer, low integer", reltuples=1000.0)
STATS = [
    statistics("t", "mail", -1.0), statistics("t", "a", 40.0), statistics("t", "b", 30.0), statistics("t", "low", 5.0),
]  # fmt: skip
MAIL = candidate("t", "mail")


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (MAIL, True),
        (candidate("t", "a", "b"), True),  # 40 x 30 keys for 1,000 rows
        (candidate("t", "mail", include=("b",)), True),
        (candidate("t", "low"), False),
        (candidate("t", "low", "a"), False),
        (candidate("t", "mail", predicate="a = 1"), False),
        (candidate("t", "mail", method="hash"), False),
        (candidate("t", "lower(mail)"), False),
        (CandidateIndex(table=MAIL.table, keys=(IndexKey(column="mail", opclass="text_pattern_ops"),)), False),
    ],
)
def test_only_whole_columns_with_as_many_keys_as_rows_are_counted(made: CandidateIndex, asked: bool) -> None:
    assert bool(counted(made, [T])) == asked


def test_neither_partitioned_tables_nor_what_is_unique_already_are_counted() -> None:
    assert not counted(MAIL, [table("t", "mail text", kind=RelationKind.PARTITIONED)])
    assert not counted(candidate("t", "mail", "a"), [T], [index("known", "t", "mail", unique=True)])
    assert counted(candidate("t", "mail", "a"), [T], [index("known", "t", "mail", unique=True, predicate="a = 1")])


def counted(made: CandidateIndex, relations: Sequence[Relation], indexes: Sequence[Index] = ()) -> list[Sequence[str]]:
    calls: list[Sequence[str]] = []

    async def count(_: Relation, columns: Sequence[str]) -> str | tuple[bool, str]:
        calls.append(columns)
        return True, "2026-01-01 12:00"

    asyncio.run(uniqueness([made], Facts(snapshot(relations, indexes, STATS)), count))
    return calls


@pytest.mark.parametrize(
    ("answer", "unique", "told"),
    [
        (
            (True, "2026-01-01 12:00"),
            True,
            "counted in the rows of 2026-01-01 12:00 UTC. It is also a rule for what is",
        ),
        ((False, "2026-01-01 12:00"), False, "Its keys are not unique: one occurs twice."),
        ("there is no server", False, "Its keys may be unique; that was not proven: there is no server."),
        (None, False, ""),
    ],
)
def test_what_is_proven_is_unique_and_told(answer: str | tuple[bool, str] | None, unique: bool, told: str) -> None:
    async def count(_: Relation, __: Sequence[str]) -> str | tuple[bool, str]:
        assert answer is not None
        return answer

    given = analysis(snapshot([T], (), STATS), statement("s", "select * from t where mail = $1"))
    whatif = Table({"s": [(only(), 2000.0), (only(MAIL), 8.0)]})
    found = asyncio.run(advise(given, whatif, AdviseOptions(), None if answer is None else count))
    (one,) = found.chosen
    assert isinstance(one, ChosenIndex)
    assert told in one.why
    assert (one.sql.startswith("CREATE UNIQUE INDEX CONCURRENTLY t_mail_key "), one.name == "t_mail_key") == (
        unique,
    ) * 2
    assert any("UNIQUE INDEX CONCURRENTLY IF NOT EXISTS" in step for step in one.steps) == unique
    assert ("unique" in one.evidence) == unique
