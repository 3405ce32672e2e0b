"""Where a statement stands in the application."""

from pathlib import Path

import pytest

from pgtune_cli.compare.places import find_places, place_in_tags, places


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT 1 /*file='app%2Fviews.py',line='12',route='%2Fpolls'*/", "app/views.py:12"),
        ("SELECT 1 /*code.filepath='src/db.ts',code.lineno='7'*/", "src/db.ts:7"),
        ("/*application:Shop,line:app/models/order.rb:12:in `recent'*/ SELECT 1", "app/models/order.rb:12"),
        ("SELECT 1 -- source=./web/list.go:40", "web/list.go:40"),
        ("SELECT 1 /*controller='orders',action='index'*/", None),
        ("SELECT 'file=x.py'", None),
        ("SELECT 1", None),
    ],
)
def test_tags_name_a_file(query: str, place: str | None) -> None:
    assert place_in_tags(query) == place


SOURCE = """
def recent(cursor, customer):
    cursor.execute(
        "SELECT id, total FROM orders "
        "WHERE customer_id = %s AND status IN (%s, 'open') "
        "ORDER BY id LIMIT 20",
        [customer, "paid"],
    )
"""


def test_a_text_is_found_through_the_seams_of_strings(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "orders.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.js").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "notes.txt").write_text(SOURCE, encoding="utf-8")
    query = "select id, total from orders where customer_id = $1 and status in ($2, $3) order by id limit $4"
    assert find_places({"x": query, "y": "select id from items where id = $1"}, tmp_path) == {"x": "app/orders.py:4"}


def test_tags_come_before_the_files(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT a FROM t WHERE b = 1", encoding="utf-8")
    queries = {"x": "SELECT a FROM t WHERE b = $1 /*file='q.py',line='3'*/", "y": "SELECT a FROM t WHERE b = $1"}
    assert places(queries, tmp_path) == {"x": "q.py:3", "y": "q.sql:1"}
    assert places(queries, None) == {"x": "q.py:3"}


def test_a_folder_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    (tmp_path / "broken.sql").symlink_to(tmp_path / "none.sql")
    assert find_places({"x": "SELECT a FROM t WHERE b = $1"}, tmp_path) == {}
