"""The sketches for SQLAlchemy and Django, run as printed with the real libraries: every row once, in order."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from support.rewriting import read_catalog, source_of

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_judge import paginations
from pgtune_cli.rewrite.keyset_pages import maker
from pgtune_cli.rewrite.sketches import PageSize, sketches

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases/rewrites/keyset.yaml").read_text(encoding="utf-8"))
STATEMENTS = {
    "one way": "SELECT id, created_at FROM article WHERE author_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3",
    "NULLs": "SELECT id, rating, 'a:b 5%' AS odd FROM article WHERE author_id <> $1 ORDER BY rating LIMIT $2 OFFSET $3",
    "mixed directions": "SELECT id, score FROM article WHERE $1 < 9 ORDER BY score DESC, id LIMIT $2 OFFSET $3",
}

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]


@pytest.fixture(scope="module")
def catalog(pg_module: Any) -> Catalog:
    pg_module.execute(CASES["schema"])
    return read_catalog(pg_module.dsn)


def sketch(library: str, name: str, catalog: Catalog) -> dict[str, Any]:
    source = source_of(STATEMENTS[name], catalog)
    (judged,) = paginations(source)
    assert isinstance(judged, Keyset)
    made = maker(source, judged)
    assert made is not None
    text = sketches(judged, made.pages(), made.limit_parameter, PageSize(default=7, maximum=50))[library]
    space: dict[str, Any] = {}
    exec(compile(text, library, "exec"), space)
    return space


def wanted(name: str, pg: Any) -> list[int]:
    text = STATEMENTS[name].replace("$1", "3").replace(" LIMIT $2 OFFSET $3", "")
    tie = ", id DESC" if "created_at DESC" in text else ", id" if "rating" in text else ""
    return [row["id"] for row in pg.fetch(text + tie)]


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_sqlalchemy_sketch_walks_every_row(name: str, catalog: Catalog, pg_module: Any) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    space = sketch("sqlalchemy", name, catalog)
    psycopg = pytest.importorskip("psycopg")
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(pg_module.dsn))
    seen, cursor = [], None
    with engine.connect() as session:
        while True:
            rows, cursor = space["page"](session, {"p1": 3}, cursor)
            assert len(rows) <= 7
            seen += [row.id for row in rows]
            if cursor is None:
                break
    engine.dispose()
    assert seen == wanted(name, pg_module)


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_django_sketch_walks_every_row(name: str, catalog: Catalog, pg_module: Any) -> None:
    django = pytest.importorskip("django")
    django_conf = pytest.importorskip("django.conf")
    from django.db import connections

    if not django_conf.settings.configured:
        django_conf.settings.configure(DATABASES={"default": database(pg_module.dsn)}, USE_TZ=True)
        django.setup()
    space = sketch("django", name, catalog)
    seen, cursor = [], None
    while True:
        rows, cursor = space["page"]({"p1": 3}, cursor, 5)
        seen += [row["id"] for row in rows]
        if cursor is None:
            break
    connections.close_all()
    assert seen == wanted(name, pg_module)


def database(dsn: str) -> dict[str, Any]:
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or query.get("user", ["postgres"])[0],
        "HOST": query.get("host", [parts.hostname])[0] or "",
        "PORT": str(parts.port or query.get("port", [""])[0]),
    }


def test_no_sketch_where_the_cursor_is_not_returned(catalog: Catalog) -> None:
    source = source_of("SELECT slug FROM article ORDER BY created_at LIMIT $1 OFFSET $2", catalog)
    (judged,) = paginations(source)
    assert isinstance(judged, Keyset)
    made = maker(source, judged)
    assert made is not None
    assert sketches(judged, made.pages(), made.limit_parameter, PageSize()) == {}
