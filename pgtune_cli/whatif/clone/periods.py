"""How many different values a truncated time has: the span of its column, in units."""

import re
from datetime import datetime

from pgtune_cli.explain.pg_array import parse_array
from pgtune_cli.model.snapshot import ColumnStatistics

DAY = 86_400.0
SECONDS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3_600.0,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30.44 * DAY,
    "quarter": 91.31 * DAY,
    "year": 365.25 * DAY,
    "decade": 3_652.5 * DAY,
}
FIELDS = {"month": 12, "quarter": 4, "dow": 7, "isodow": 7, "hour": 24, "minute": 60, "day": 31, "doy": 366, "week": 53}
"""values that extract() can return"""
TRUNC = re.compile(r"\bdate_trunc\(\s*'(\w+)'", re.IGNORECASE)
DATE = re.compile(r"(::|\bAS\s+)date\b", re.IGNORECASE)
EXTRACT = re.compile(r"\bextract\(\s*'?(\w+)'?\s+from\b|\bdate_part\(\s*'(\w+)'", re.IGNORECASE)


def periods(expression: str, times: ColumnStatistics) -> float | None:
    """Distinct values of date_trunc, a cast to date or extract over a column of times; None for anything else."""
    if truncated := TRUNC.search(expression):
        return _units(times, SECONDS.get(truncated[1].lower()))
    if extracted := EXTRACT.search(expression):
        field = (extracted[1] or extracted[2]).lower()
        return float(FIELDS[field]) if field in FIELDS else _units(times, SECONDS["year"] if field == "year" else None)
    return _units(times, DAY) if DATE.search(expression) else None


def _units(times: ColumnStatistics, seconds: float | None) -> float | None:
    texts = [*(parse_array(times.most_common_vals) or ()), *(parse_array(times.histogram_bounds) or ())]
    known = [time for text in texts if text is not None and (time := _time(text)) is not None]
    if seconds is None or len(known) < 2:
        return None
    return (max(known) - min(known)).total_seconds() // seconds + 1


def _time(text: str) -> datetime | None:
    """The day and time of an ISO text, its zone left off; None for infinity and years before Christ."""
    try:
        return datetime.fromisoformat(text[:19])
    except ValueError:
        return None
