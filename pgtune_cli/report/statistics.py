"""How advice about the planner's statistics is told."""

from pgtune_cli.model.index import StatisticsAdvice
from pgtune_cli.report.format import number_of


def title(advice: StatisticsAdvice) -> str:
    """What they are, and of what."""
    of = f"{advice.relation} ({', '.join(advice.columns)})"
    if advice.kinds == ("target",):
        return f"A larger statistics target for {of}"
    if advice.kinds == ("n_distinct",):
        return f"The number of distinct values of {of}"
    if advice.kinds == ("analyze",):
        return f"New statistics of {of}"
    return f"Statistics on {of}"


def standing(advice: StatisticsAdvice) -> str:
    """How it is known, and what becomes of the plans."""
    if advice.status == "unverified":
        return f"unverified: {advice.reason or 'not tried'}"
    changes = "the plan changes" if advice.plan_changes else "the plan stays as it is"
    if advice.status == "counted":
        return f"counted by an executed plan; {changes}"
    return f"tried with a sample of {number_of(advice.sample_rows or 0, 'row')}; {changes}"


def statements(advice: StatisticsAdvice) -> tuple[str, ...]:
    """The SQL without the settings around it."""
    return tuple(step for step in advice.steps if not step.startswith(("SET ", "RESET ")))
