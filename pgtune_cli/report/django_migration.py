"""The index advice as a Django migration: not atomic, reversible, the same text for the same advice.

SQL, and no AddIndexConcurrently: which model a table belongs to is not in the database, and a partitioned table needs
steps that Django has no operation for. The models' state is left as it is, so that makemigrations finds no difference.
"""

from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.report.migration import Change, changes, comment, digest, python

HEAD = '''"""Indexes advised by pgtune ({digest}).

Save it in the migrations of the app whose tables these are, and name that app's last migration below.
"""

from django.db import migrations


def drop_leftovers(*indexes):
    """An INVALID index is what an interrupted CREATE INDEX CONCURRENTLY leaves behind."""

    def drop(apps, schema_editor):
        for index in indexes:
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid", [index]
                )
                if cursor.fetchone():
                    cursor.execute("DROP INDEX CONCURRENTLY " + index)

    return drop


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY does not run in a transaction

    dependencies = [
        # ("shop", "0042_the_last_one"),
    ]

    operations = ['''


def django_migration(advice: IndexAdvice) -> str:
    """Python source of one migration."""
    found = changes(advice)
    lines = [HEAD.format(digest=digest(found))]
    for change in found:
        lines += _operation(change)
    return "\n".join([*lines, "    ]"]) + "\n"


def _operation(change: Change) -> list[str]:
    lines = [f"        {line}" for line in (*comment(change.title), *comment(change.why))]
    if change.leaves:
        lines.append(f"        migrations.RunPython({_leftovers(change.leaves)}, migrations.RunPython.noop),")
    lines += ["        migrations.RunSQL(", "            sql=[", *_texts(change.forward), "            ],"]
    if change.backward:
        lines += ["            reverse_sql=[", *_texts(change.backward), "            ],"]
    lines.append("        ),")
    if change.rebuilt:  # backwards it is the first to run
        lines.append(f"        migrations.RunPython(migrations.RunPython.noop, {_leftovers(change.rebuilt)}),")
    return lines


def _leftovers(indexes: tuple[str, ...]) -> str:
    return f"drop_leftovers({', '.join(map(python, indexes))})"


def _texts(steps: tuple[str, ...]) -> list[str]:
    return [f"                {python(step)}," for step in steps]
