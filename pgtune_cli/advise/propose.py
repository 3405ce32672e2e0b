"""All candidates of a workload, each with the channel that shows it, and what is possible only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pgtune_cli.advise.access import Access, accesses
from pgtune_cli.advise.candidates import WIDTH, btree_candidates, make, partial_candidates
from pgtune_cli.advise.coverage import covered
from pgtune_cli.advise.covering import covering
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.from_plans import plan_accesses
from pgtune_cli.advise.other_methods import Possible, other_candidates, possible_candidates
from pgtune_cli.advise.partials import Skew, partials, skews
from pgtune_cli.advise.served import served
from pgtune_cli.advise.workload import Item, parsed
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex

MOST = 600
"""candidates in all; those of the costliest statements first"""


class Hidden(msgspec.Struct, frozen=True):
    """A partial index that would help a statement if its parameter is one of the rare values."""

    candidate: CandidateIndex
    skew: Skew
    fingerprint: str


class Proposals(msgspec.Struct, frozen=True):
    candidates: dict[CandidateIndex, str]
    """each with its evidence channel."""
    hidden: tuple[Hidden, ...]
    sources: dict[str, frozenset[CandidateIndex]] = {}
    """fingerprint -> those that were made for it."""
    patterns: tuple[tuple[Possible, str], ...] = ()
    """what hidden patterns may want, with the statement."""


class _Use(msgspec.Struct, frozen=True):
    """An access, the channel of its conditions, and the channel of its constants."""

    fingerprint: str
    access: Access
    channel: str
    constants_channel: str


def propose(items: Sequence[Item], facts: Facts, width: int = WIDTH) -> Proposals:
    """From the texts, from samples with literals, and from the plans of what the texts do not show."""
    uses = [use for item in items for use in _uses(item, facts)]
    counts: Counter[tuple[RelationName, IndexKey]] = Counter()
    for use in uses:
        counts.update({(use.access.table, key) for key in _equal_keys(use.access)})

    shares = {(use.access.table, key): share for use in uses for key, share in use.access.fractions}

    def narrowest(table: RelationName, key: IndexKey) -> float:
        return rank(table, key)[1]

    def rank(table: RelationName, key: IndexKey) -> tuple[float, float]:
        share = shares.get((table, key))
        distinct = 1 / max(share, 1e-9) if share is not None else facts.distinct(table, key.column or "")
        return -counts[table, key], -(distinct or 0.0)

    found: dict[CandidateIndex, str] = {}
    hidden: dict[Hidden, None] = {}
    patterns: dict[tuple[Possible, str], None] = {}
    sources: dict[str, set[CandidateIndex]] = {}
    for use in uses:
        conditions = partials(use.access, facts, use.constants_channel)
        made = [
            (each, use.channel) for order in (rank, narrowest) for each in btree_candidates(use.access, order, width)
        ]
        made += [(each, use.constants_channel) for each in partial_candidates(use.access, rank, conditions, width)]
        wider = ((covering(each, use.access.reads, facts), channel) for each, channel in made)
        made += [(each, channel) for each, channel in wider if each is not None]
        made += [(each, use.constants_channel) for each in other_candidates(use.access, facts)]
        for candidate, channel in made:
            if not covered(candidate, facts.indexes.get(candidate.table, ())) and len(found) < MOST:
                found.setdefault(candidate, channel)
            if candidate in found:
                sources.setdefault(use.fingerprint, set()).add(candidate)
        hidden.update(dict.fromkeys(_hidden(use, facts)))
        patterns.update(((each, use.fingerprint), None) for each in possible_candidates(use.access, facts))
    return Proposals(found, tuple(hidden), {key: frozenset(made) for key, made in sources.items()}, tuple(patterns))


def _uses(item: Item, facts: Facts) -> Iterable[_Use]:
    """A text that came from files has its own constants; one of pg_stat_statements only where it was sampled."""
    channel = "catalog" if item.derived else "workload" if facts.snapshot.workload.source == "workload" else "text"
    seen = set()
    if item.shape is not None:
        for access in accesses(item.shape, facts):
            seen.add(access.table)
            if not served(item, access, facts):
                yield _Use(item.fingerprint, access, channel, channel)
    for sample in item.statement.samples:
        what = parsed(sample, facts)
        for access in accesses(what, facts) if what is not None else ():
            # the keys are the text's; what the sample adds are its constants
            yield _Use(item.fingerprint, access, channel, item.statement.sample_channel or "pg_stat_activity")
    for access in plan_accesses(item, facts):
        if access.table not in seen:
            yield _Use(item.fingerprint, access, "plan", "plan")


def _equal_keys(access: Access) -> set[IndexKey]:
    return {*access.equals, *access.lists, *(key for keys in access.joins for key in keys)}


def _hidden(use: _Use, facts: Facts) -> Iterable[Hidden]:
    access = use.access
    for skew in skews(access, facts):
        key = IndexKey(column=skew.column)
        rest = tuple(each for each in (*access.equals, *access.order, *access.ranges) if each != key)
        yield Hidden(make(access.table, rest or (key,)), skew, use.fingerprint)


def evidence(channel: str, **more: Any) -> dict[str, Any]:
    """`proof` is how far the advice was proven: planned, executed or rows."""
    return {"channel": channel, "proof": "planned", **more}
