"""The first questions about each statement: the plan out of all candidates, out of the plain ones, the next best one.

What no such plan uses does little for a statement by itself; the search asks for it where it matters in company.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from pgtune_cli.advise.bounds import Bounds
from pgtune_cli.advise.candidates import WIDTH
from pgtune_cli.advise.costs import Configuration, CostTable, StatementCost
from pgtune_cli.advise.merging import holds, merged
from pgtune_cli.advise.problem import MIN_SAVING, MIN_SAVING_COST
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex

ROUNDS = 1
"""how often what a plan uses is set aside, to see the next best"""


async def seeds(
    items: Sequence[Item],
    shelf: Shelf,
    sources: Mapping[str, Configuration],
    base: Mapping[str, StatementCost],
    costs: CostTable,
    width: int = WIDTH,
) -> dict[str, Bounds]:
    """The bounds of each statement that some candidate helps; merged candidates are added to the shelf on the way.

    `sources` has the candidates that were made for each.
    """
    first = await _answers(items, lambda _: frozenset(shelf.sizes), costs)
    helped = [item for item in items if _helps(first.get(item.fingerprint), base[item.fingerprint])]
    await _next_best(helped, shelf, base, first, costs)
    for narrow in (_plain, _single, _fewest, _other):
        await _answers(helped, lambda _, narrow=narrow: frozenset(filter(narrow, shelf.sizes)), costs)  # type: ignore[misc]
    await _by_table(helped, shelf, first, costs)
    await shelf.add(merged(_used(helped, costs), width))
    # alone with the widest, what one index does for all: each statement for itself has a narrower one
    wide = frozenset(each for each in shelf.sizes if not any(holds(other, each) for other in shelf.sizes))
    await _answers(helped, lambda _: wide, costs)
    last = await _answers(helped, lambda _: frozenset(shelf.sizes), costs)
    found = {}
    for item in helped:
        key, everything = item.fingerprint, costs.relevant(item, shelf.sizes)
        if key in last:
            found[key] = Bounds(everything, last[key], _own(everything, sources.get(key, frozenset())), shelf.sizes)
    return found


def _own(everything: Configuration, made: Configuration) -> Configuration:
    """The candidates that were made for a statement, and those that start like one of them."""
    starts = {(each.table, each.method, each.keys[0]) for each in made}
    return frozenset(each for each in everything if (each.table, each.method, each.keys[0]) in starts)


def _plain(candidate: CandidateIndex) -> bool:
    return not candidate.include


def _single(candidate: CandidateIndex) -> bool:
    return len(candidate.keys) == 1 and not candidate.include and candidate.predicate is None


def _other(candidate: CandidateIndex) -> bool:
    return candidate.method != "btree"


def _fewest(candidate: CandidateIndex) -> bool:
    return len(candidate.keys) <= 2 and not candidate.include


def _helps(answer: StatementCost | None, base: StatementCost) -> bool:
    return answer is not None and base.cost - answer.cost >= max(MIN_SAVING * base.cost, MIN_SAVING_COST)


async def _answers(
    items: Iterable[Item], candidates: Callable[[Item], Configuration], costs: CostTable
) -> dict[str, StatementCost]:
    asked = list(items)
    answers = await costs.ask([(item, candidates(item)) for item in asked])
    return {
        item.fingerprint: answer
        for item, answer in zip(asked, answers, strict=True)
        if isinstance(answer, StatementCost)
    }


async def _next_best(
    items: Sequence[Item],
    shelf: Shelf,
    base: Mapping[str, StatementCost],
    first: Mapping[str, StatementCost],
    costs: CostTable,
) -> None:
    """What the planner takes is set aside and it is asked again: the second best of one may be the best for several."""
    left = {item.fingerprint: frozenset(shelf.sizes) - first[item.fingerprint].used for item in items}
    active = list(items)
    for _ in range(ROUNDS):
        answers = await _answers(active, lambda item: left[item.fingerprint], costs)
        active = [item for item in active if _helps(answers.get(item.fingerprint), base[item.fingerprint])]
        for item in active:
            left[item.fingerprint] -= answers[item.fingerprint].used


async def _by_table(items: Sequence[Item], shelf: Shelf, first: Mapping[str, StatementCost], costs: CostTable) -> None:
    """Of a plan with new indexes on several tables, what those of one table do alone."""
    asked = []
    for item in items:
        tables = {each.table for each in first[item.fingerprint].used}
        for table in sorted(tables) if len(tables) > 1 else ():
            asked.append((item, frozenset(each for each in shelf.sizes if each.table == table)))
    await costs.ask(asked)


def _used(items: Iterable[Item], costs: CostTable) -> Counter[CandidateIndex]:
    """How many statements have a plan with each."""
    found: Counter[CandidateIndex] = Counter()
    for item in items:
        found.update({each for _, answer in costs.planned(item) for each in answer.used})
    return found
