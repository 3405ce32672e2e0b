"""The outcome in the words of the report: what was chosen, what may help, what was turned down."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pgtune_cli.advise.consolidate import Consolidation
from pgtune_cli.advise.coverage import covered, starts_with
from pgtune_cli.advise.credit import Benefit
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.gambles import Gamble
from pgtune_cli.advise.handover import script
from pgtune_cli.advise.other_methods import Possible, needs_extension
from pgtune_cli.advise.plans_told import Plans
from pgtune_cli.advise.problem import Problem
from pgtune_cli.advise.propose import Hidden, Proposals, evidence
from pgtune_cli.advise.reasons import confidence, why
from pgtune_cli.advise.selection import Selected
from pgtune_cli.advise.served import SMALL_PART
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.steps import Names, Script
from pgtune_cli.advise.unique import Uniqueness
from pgtune_cli.model.finding import Confidence
from pgtune_cli.model.index import (
    CandidateIndex,
    ChosenIndex,
    ForeignKeyBenefit,
    PossibleIndex,
    RejectedIndex,
    StatementBenefit,
)
from pgtune_cli.sql.index_ddl import create_index_sql
from pgtune_cli.sql.quote import quote_identifier

MOST_REJECTED = 30
CHEAP = 50.0
"""cost units: a statement below it needs no partial index"""


class Told(msgspec.Struct, frozen=True):
    """The outcome in the words of the report."""

    problem: Problem
    selected: Selected
    benefits: Mapping[CandidateIndex, Sequence[Benefit]]
    """of each that was chosen."""
    proposals: Proposals
    facts: Facts
    engine: str
    plans: Plans
    unique: Mapping[CandidateIndex, Uniqueness] = {}

    def chosen(self, merged: Sequence[Consolidation]) -> tuple[ChosenIndex, ...]:
        """Most beneficial first; then what only takes the place of others."""
        names = Names(self.facts)
        benefits = self.benefits
        ordered = sorted(benefits, key=lambda each: (-sum(b.saved for b in benefits[each]), str(each)))
        scripts = {candidate: script(self._made(candidate), names, self.facts) for candidate in ordered}
        named = {candidate: made.name for candidate, made in scripts.items()}
        found = [self._chosen(candidate, scripts[candidate], named) for candidate in ordered]
        found += [self._merged(one, script(one.candidate, names, self.facts)) for one in merged]
        return tuple(found)

    def _made(self, candidate: CandidateIndex) -> CandidateIndex:
        """UNIQUE where that was proven."""
        told = self.unique.get(candidate)
        return candidate if told is None or told.at is None else msgspec.structs.replace(candidate, unique=True)

    def _merged(self, one: Consolidation, made: Script) -> ChosenIndex:
        return _index(
            one.candidate, made, self.problem.shelf, definition=one.candidate,
            evidence=evidence("catalog", engine=self.engine), benefit=0.0, statements=(),
            confidence=Confidence.MEDIUM.value, why=one.why(), near_misses=(),
        )  # fmt: skip

    def _chosen(self, candidate: CandidateIndex, made: Script, named: Mapping[CandidateIndex, str]) -> ChosenIndex:
        benefits, cost = self.benefits[candidate], self.problem.shelf.upkeep[candidate]
        told = [self.plans.put(each, named, self.facts) for each in benefits]
        unique = self.unique.get(candidate)
        counted = {"unique": {"proof": "rows", "at": unique.at}} if unique is not None and unique.at else {}
        return _index(
            candidate, made, self.problem.shelf,
            definition=self._made(candidate),
            benefit=sum(benefit.saved for benefit in benefits),
            evidence=evidence(self._channel(candidate), engine=self.engine, **counted),
            statements=tuple(each for each in told if isinstance(each, StatementBenefit)),
            foreign_keys=tuple(each for each in told if isinstance(each, ForeignKeyBenefit)),
            confidence=confidence(benefits, self.engine).value,
            why=why(
                candidate, benefits, cost, needs_extension(candidate, self.facts),
                partitioned=self.facts.snapshot.catalog.is_partitioned(candidate.table),
            ) + (f" {unique.told}" if unique is not None else ""),
            near_misses=self.rejected(candidate),
        )  # fmt: skip

    def _channel(self, candidate: CandidateIndex) -> str:
        """Where it was seen; a narrower one has that of the candidate that it comes from."""
        channels = self.proposals.candidates
        wider = (
            channels[each]
            for each in channels
            if each.table == candidate.table and starts_with(each.keys, candidate.keys)
        )
        return channels.get(candidate) or next(wider, "text")

    def possible(self) -> tuple[PossibleIndex, ...]:
        names = Names(self.facts)
        found: dict[str, PossibleIndex] = {}
        for hidden in self.proposals.hidden:
            if self._would_help(hidden):
                made = self._partial(hidden, names)
                found.setdefault(made.sql, made)
        for pattern, fingerprint in self.proposals.patterns:
            cost = self.selected.costs.get(fingerprint)
            dear = cost is not None and (cost.cost >= CHEAP or not pattern.believed)
            if dear and not self._exists(pattern.candidate) and not self._is_judged(pattern, fingerprint):
                sql = _bare(pattern.candidate, names, self.facts)
                evidence_ = {"channel": "text", "statement": fingerprint}
                found.setdefault(sql, PossibleIndex(sql=sql, reason=pattern.reason, evidence=evidence_))
        for candidate, gamble in self._gambles():
            sql = _bare(candidate, names, self.facts)
            evidence_ = {"channel": self._channel(candidate), "statement": gamble.item.fingerprint}
            found.setdefault(sql, PossibleIndex(sql=sql, reason=gamble.told(), evidence=evidence_))
        for candidate, problem in self.problem.shelf.refused.items():
            if candidate.method != "btree":
                sql = _bare(candidate, names, self.facts)
                reason = f"the what-if planner ({self.engine}) cannot cost it: {problem}"
                channel = self.proposals.candidates[candidate]
                found.setdefault(sql, PossibleIndex(sql=sql, reason=reason, evidence={"channel": channel}))
        return tuple(found[sql] for sql in sorted(found))

    def _gambles(self) -> list[tuple[CandidateIndex, Gamble]]:
        """Of each statement that is dear still the one with the fewest columns."""
        found: dict[str, tuple[CandidateIndex, Gamble]] = {}
        for candidate, gamble in sorted(self.selected.gambles.items(), key=lambda each: _width(each[0])):
            if candidate not in self.selected.chosen and self._is_dear(gamble):
                found.setdefault(gamble.item.fingerprint, (candidate, gamble))
        return list(found.values())

    def _is_dear(self, gamble: Gamble) -> bool:
        cost = self.selected.costs[gamble.item.fingerprint].cost
        return cost >= max(CHEAP, gamble.hoped)

    def _exists(self, candidate: CandidateIndex) -> bool:
        return covered(candidate, self.facts.indexes.get(candidate.table, ())) is not None

    def _is_judged(self, pattern: Possible, fingerprint: str) -> bool:
        """Chosen or turned down by name, or its statement was seen to read little of the table."""
        if pattern.believed:
            return False
        candidate, known = pattern.candidate, self.selected
        begins = any(each.table == candidate.table and each.keys[0] == candidate.keys[0] for each in known.chosen)
        statement = next(item.statement for item in self.problem.items if item.fingerprint == fingerprint)
        blocks = (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)
        return begins or candidate in known.rejected or 0 < blocks <= SMALL_PART * self.facts.pages(candidate.table)

    def _would_help(self, hidden: Hidden) -> bool:
        """The statement is dear still, or a chosen index would shrink to the rows that are looked for."""
        cost = self.selected.costs.get(hidden.fingerprint)
        if cost is None:
            return False
        used = [each for each in cost.used if each.table == hidden.candidate.table]
        return cost.cost >= CHEAP or any(key.column == hidden.skew.column for each in used for key in each.keys)

    def _partial(self, hidden: Hidden, names: Names) -> PossibleIndex:
        """The value is not known, and is a customer's: it stays a gap to fill in."""
        skew, column = hidden.skew, quote_identifier(hidden.skew.column)
        sample = msgspec.structs.replace(hidden.candidate, predicate=f"{column} = '<value>'")
        return PossibleIndex(
            sql=_bare(sample, names, self.facts),
            reason=(
                f"{skew.column} has {skew.values} values, one of them in {_part(skew.largest)} of the rows: if the "
                "statement always asks for the same rare one, an index of those rows alone is a fraction of the size "
                "(sample the literal with --window to know)"
            ),
            evidence={"channel": "statistics", "statement": hidden.fingerprint},
        )

    def rejected(self, beside: CandidateIndex | None = None) -> tuple[RejectedIndex, ...]:
        """Those that some plan used, near misses first; all, or those that could have taken the place of `beside`."""
        names = Names(self.facts)
        found = [
            RejectedIndex(_bare(candidate, names, self.facts), reason, str(candidate.table))
            for candidate, reason in self.selected.rejected.items()
            if beside is None or (candidate.table == beside.table and candidate.keys[0] in beside.keys)
        ]
        return tuple(sorted(found, key=_tier)[:MOST_REJECTED])


def _bare(candidate: CandidateIndex, names: Names, facts: Facts) -> str:
    """Its CREATE INDEX, as it may be run."""
    concurrently = not facts.snapshot.catalog.is_partitioned(candidate.table)
    return create_index_sql(candidate, names.peek(candidate), concurrently=concurrently)


def _index(candidate: CandidateIndex, made: Script, shelf: Shelf, **told: Any) -> ChosenIndex:
    """With its script, size and upkeep."""
    return ChosenIndex(
        sql=made.sql,
        steps=tuple(step.sql for step in made.steps),
        rollback_steps=tuple(step.rollback_sql for step in made.steps),
        leaves=made.leaves,
        rollback_sql=made.rollback_sql,
        name=made.name,
        relation=str(candidate.table),
        columns=tuple(key.column or key.expression or "" for key in candidate.keys),
        size_bytes=shelf.sizes[candidate],
        write_cost=shelf.upkeep[candidate],
        **told,
    )


def _tier(rejected: RejectedIndex) -> int:
    """Those that would do harm before the near misses, and what saves too little last."""
    harms, misses = (
        rejected.reason.startswith(("it makes statement ", "it makes the look-ups ")),
        rejected.reason.startswith("it saves"),
    )
    return 0 if harms else 2 if misses else 1


def _width(candidate: CandidateIndex) -> tuple[int, int, str]:
    return len(candidate.keys), len(candidate.include), str(candidate)


def _part(share: float) -> str:
    """What is not all is never said to be."""
    return "over 99.9%" if share > 0.999 else f"{share:.1%}" if share > 0.99 else f"{share:.0%}"
