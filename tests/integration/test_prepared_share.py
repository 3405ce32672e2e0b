"""A broad workload is run for real: nearly all that pg_stat_statements has of it gets plans, the rest a reason."""

import asyncio
from typing import Any

import pytest
from support import corpus

from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.sql.parse import parse

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]
EVERY = 6
"""of the texts that repairs were made for; benchmarks/prepared_share.py takes all."""


@pytest.fixture(scope="module")
def explained(pg_module: Any) -> dict[str, dict[str, StatementPlans]]:
    async def main() -> dict[str, dict[str, StatementPlans]]:
        await corpus.load(pg_module.dsn)
        found = {}
        for names in (corpus.TUNED, corpus.HELD_OUT):
            recorded = await corpus.record(pg_module.dsn, names)
            every = EVERY if names == corpus.TUNED else 1
            # one text more or less moves the sample: what a test looks for is not left to it
            texts = [text for at, text in enumerate(recorded.texts) if at % every == 0 or parse(text) is None]
            found[names[0]] = (await corpus.explained(pg_module.dsn, texts))[1]
        return found

    return asyncio.run(main())


@pytest.mark.parametrize("part", ["operators", "held_out"])
def test_nearly_every_recorded_text_is_prepared(explained: dict[str, dict[str, StatementPlans]], part: str) -> None:
    found = explained[part]
    assert len(found) > 100
    assert corpus.share(found) >= 0.94


@pytest.mark.parametrize("part", ["operators", "held_out"])
def test_every_text_has_a_plan_or_a_reason(explained: dict[str, dict[str, StatementPlans]], part: str) -> None:
    for text, one in explained[part].items():
        assert bool(one.plans) != bool(one.not_explained), text
        if one.not_explained:
            assert not {"'", "note", "sender"} & set(one.not_explained.split()), one.not_explained


def test_texts_that_no_parser_reads_are_planned_all_the_same(explained: dict[str, dict[str, StatementPlans]]) -> None:
    unread = {text: one for part in explained.values() for text, one in part.items() if parse(text) is None}
    assert len(unread) >= 2
    assert {text for text, one in unread.items() if not one.plans} == set()
