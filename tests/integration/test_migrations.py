"""The advice as migrations, run up and down by the tools themselves."""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.database import Database
from support.handover import SCHEMA, advice_for, indexes

from pgtune_cli.report.alembic_migration import alembic_migration
from pgtune_cli.report.django_migration import django_migration

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]

ENV = """
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
SETTINGS = """
import os
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["NAME"],
    "HOST": os.environ["HOST"], "PORT": os.environ["PORT"], "USER": os.environ["DBUSER"]}}
"""


def run(folder: Path, *command: str, env: Mapping[str, str], fails: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env={**os.environ, **env, "PYTHONPATH": str(folder)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == (fails is None), done.stderr
    assert fails is None or fails in done.stderr
    return done.stdout


def invalidate(pg: Database, leaf: str) -> None:
    pg.execute("update pg_index set indisvalid = false where indexrelid = to_regclass($1)", leaf)


def old_index(pg: Database) -> tuple[bool, bool]:
    """Whether what is dropped is there and valid, and whether the planner has statistics of its expression."""
    found = pg.fetch("select indisvalid from pg_index where indexrelid = to_regclass('plain_old')")
    told = pg.fetch("select 1 from pg_stats where tablename = 'plain_old'")
    return [row["indisvalid"] for row in found] == [True], bool(told)


def test_alembic(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg, dropping=True)
    source = alembic_migration(advice)
    assert source == alembic_migration(advice)
    ast.parse(source)
    versions = tmp_path / "scripts" / "versions"
    versions.mkdir(parents=True)
    (versions / "advised.py").write_text(source)
    (tmp_path / "scripts" / "env.py").write_text(ENV)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = scripts\npath_separator = os\n")
    env = {"URL": pg.dsn.replace("postgresql://", "postgresql+psycopg://")}

    left = advice.chosen[0]
    pg.execute(next(step for step in left.steps if step.startswith("CREATE")))
    invalidate(pg, left.leaves[0])

    # a key that occurs twice by now: the build fails, and what it leaves behind is cleared away by the next attempt
    pg.execute("insert into plain values (7, 'twice')")
    run(tmp_path, "alembic", "upgrade", "head", env=env, fails="could not create unique index")
    assert indexes(pg)["plain_id_key"] == (False, None)
    pg.execute("delete from plain where mail = 'twice'")
    run(tmp_path, "alembic", "upgrade", "head", env=env)
    built = indexes(pg)
    assert len(built) == 12
    assert all(valid for valid, _ in built.values())
    assert old_index(pg) == (False, False)

    pg.execute("create index plain_old on plain (lower(mail))")  # left behind by a downgrade that was interrupted
    invalidate(pg, "plain_old")
    run(tmp_path, "alembic", "downgrade", "base", env=env)
    assert indexes(pg) == {}
    assert old_index(pg) == (True, True)
    run(tmp_path, "alembic", "upgrade", "head", env=env)
    assert indexes(pg) == built


@pytest.mark.majors(18)  # Django's releases leave 13 behind
def test_django(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg, dropping=True)
    source = django_migration(advice)
    assert source == django_migration(advice)
    ast.parse(source)
    migrations = tmp_path / "shop" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "__init__.py").touch()
    (tmp_path / "shop" / "__init__.py").touch()
    (migrations / "0001_advised.py").write_text(source)
    (tmp_path / "settings.py").write_text(SETTINGS)
    host = str(pg.socket_dir) if pg.socket_dir else "localhost"
    env = {"DJANGO_SETTINGS_MODULE": "settings", "NAME": pg.database, "HOST": host, "PORT": str(pg.port)}
    env["DBUSER"] = pg.fetch("select current_user as name")[0]["name"]

    left = advice.chosen[0]
    pg.execute(next(step for step in left.steps if step.startswith("CREATE")))
    invalidate(pg, left.leaves[0])

    run(tmp_path, "django", "migrate", "shop", env=env)
    built = indexes(pg)
    assert len(built) == 12
    assert all(valid for valid, _ in built.values())
    assert old_index(pg) == (False, False)
    pg.execute("create index plain_old on plain (lower(mail))")
    invalidate(pg, "plain_old")
    run(tmp_path, "django", "migrate", "shop", "zero", env=env)
    assert indexes(pg) == {}
    assert old_index(pg) == (True, True)
    assert "No changes" in run(tmp_path, "django", "makemigrations", "--check", "--dry-run", "shop", env=env)
