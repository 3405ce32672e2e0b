"""A statement in one line."""

import pytest

from pgtune_cli.report.headline import headline


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT id FROM t WHERE a = $1", "SELECT id FROM t WHERE a = $1"),
        (
            "SELECT o.id, o.customer_id, o.status, o.total\nFROM orders o WHERE o.id = $1",
            "SELECT … FROM orders o WHERE o.id = $1",
        ),
        ("SELECT (SELECT max(x) FROM inner_one), extract($1 from d) FROM outer_one", "SELECT … FROM outer_one"),
        ("SELECT 'a text that was cut o", "SELECT 'a text that was cut o"),
        ("UPDATE t SET a = $1", "UPDATE t SET a = $1"),
        ("", ""),
    ],
)
def test_a_long_select_list_gives_way(sql: str, said: str) -> None:
    assert headline(sql, 60) == said
