"""Why an index was chosen, in plain words with numbers, and how sure that is."""

from collections.abc import Sequence

from pgtune_cli.advise.credit import Benefit
from pgtune_cli.model.finding import Confidence
from pgtune_cli.model.index import CandidateIndex, StatementBenefit
from pgtune_cli.model.statement import SEEN_ORIGINS
from pgtune_cli.sql.index_ddl import key_sql

CLOSE = 0.05
"""the clone's cost of a statement as it is, against the server's"""
FAR = 2.0
KNOWN_VALUES = SEEN_ORIGINS | {"literal", "pg_stats", "row"}


HOLDS_OFF_WRITERS = "This statement holds off the table's writers; the script of pgtune indexes does not."


def why(
    candidate: CandidateIndex,
    benefits: Sequence[Benefit],
    upkeep: float,
    extension: str | None = None,
    *,
    partitioned: bool = False,
) -> str:
    """A paragraph: what it is for, what it saves, what it costs."""
    best = benefits[0]
    share = sum(benefit.item.statement.share_of_time * benefit.part for benefit in benefits)
    time = f" ({share:.1%} of the measured time)" if share > 0 else ""
    words = [f"Serves {_count(benefits)}{time} through {keys_told(candidate)}."]
    told = best.told()
    condition = told.condition if isinstance(told, StatementBenefit) else ""
    words.append(
        f"The planner cost of {best.item.called} falls from {best.before:,.1f} to {best.after:,.1f} "
        f"a call ({_factor(best)}){condition}, over {_calls(best)}."
    )
    saved = sum(benefit.saved for benefit in benefits)
    if upkeep > 0 and saved > 0:
        part = f"{upkeep / saved:.1%}" if upkeep / saved >= 0.001 else "less than 0.1%"
        words.append(f"Keeping it up to date costs the writes {part} of what it saves.")
    if extension is not None:
        words.append(f"It needs the extension {extension}, which this database does not have: CREATE EXTENSION first.")
    if partitioned:
        words.append(HOLDS_OFF_WRITERS)
    return " ".join(words)


def confidence(benefits: Sequence[Benefit], engine: str) -> Confidence:
    """That of the statement that gains most: is its plan the server's own, and were the values known?"""
    best = benefits[0].item
    fidelity = best.plans.fidelity
    known = best.values[benefits[0].places[0]][0].origin in KNOWN_VALUES
    if fidelity is None:
        return Confidence.HIGH if engine == "hypopg" and known else Confidence.MEDIUM
    ratio = fidelity.cost_clone / fidelity.cost_server if fidelity.cost_server else None
    if ratio is None or (not fidelity.same_shape and not 1 / FAR <= ratio <= FAR):
        return Confidence.LOW
    close = fidelity.same_shape and abs(ratio - 1) <= CLOSE
    return Confidence.HIGH if close and known else Confidence.MEDIUM


def _count(benefits: Sequence[Benefit]) -> str:
    keys = sum(benefit.item.derived for benefit in benefits)
    counted = ((len(benefits) - keys, "statement"), (keys, "foreign key"))
    return " and ".join(
        f"one {what}" if number == 1 else f"{number} {what}s" for number, what in counted if number
    )  # fmt: skip


def keys_told(candidate: CandidateIndex) -> str:
    """Table and keys, as in SQL."""
    keys = ", ".join(key_sql(key) for key in candidate.keys)
    held = f" INCLUDE ({', '.join(candidate.include)})" if candidate.include else ""
    condition = f" WHERE {candidate.predicate}" if candidate.predicate is not None else ""
    return f"{candidate.table} ({keys}){held}{condition}"


def _calls(benefit: Benefit) -> str:
    calls = benefit.item.statement.calls
    return "1 call" if calls == 1 else f"{calls:,} calls"


def _factor(benefit: Benefit) -> str:
    factor = benefit.before / max(benefit.after, 1e-9)
    return f"{factor:,.1f} times less" if factor < 100 else f"{factor:,.0f} times less"
