"""Whether two scripts make the same statistics."""

import pytest

from pgtune_cli.sql.statistics_ddl import is_same_statistics

SQL = """CREATE STATISTICS s.n (mcv, dependencies) ON "A, b", (extract(year FROM at)), c FROM s.t"""


@pytest.mark.parametrize(
    ("script", "sql", "same"),
    [
        ('CREATE STATISTICS s.o ON c, (extract(year from at)), "A, b" FROM s.t; ANALYZE s.t', SQL, False),
        ('CREATE STATISTICS s.o ON c, (extract(year FROM at)), "A, b" FROM s.t; ANALYZE s.t', SQL, True),
        ('CREATE STATISTICS s.n (mcv, dependencies) ON "A, b", c FROM s.t', SQL, False),
        ("ANALYZE s.t", SQL, False),
        (SQL, "ANALYZE s.t", False),
        ("ANALYZE s.t; SELECT 1", "ANALYZE s.t", True),
        (SQL, 'CREATE STATISTICS s.n ON "cut off', False),
    ],
)
def test_the_same_keys_are_the_same_statistics(script: str, sql: str, same: bool) -> None:
    """Whatever their name, kinds and order; what creates none is compared as text."""
    assert is_same_statistics(script, sql) == same
