"""The index advice as an Alembic migration: outside of a transaction, reversible, the same text for the same advice."""

from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.report.migration import Change, changes, comment, digest, python

HEAD = '''"""Indexes advised by pgtune

Revision ID: {revision}
Revises:
"""

from alembic import op
from sqlalchemy import DDL, text

revision = "{revision}"
down_revision = None  # the revision that this one follows: see `alembic heads`
branch_labels = None
depends_on = None


def run(*steps):
    """Each in a transaction of its own, as CONCURRENTLY wants it. A % in DDL() is written twice."""
    with op.get_context().autocommit_block():
        for step in steps:
            op.execute(DDL(step.replace("%", "%%")))


def drop_leftovers(*indexes):
    """An INVALID index is what an interrupted CREATE INDEX CONCURRENTLY leaves behind."""
    if op.get_context().as_sql:
        return
    invalid = text("SELECT 1 FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(:index) AND NOT indisvalid")
    for index in indexes:
        if op.get_bind().scalar(invalid, {{"index": index}}):
            run("DROP INDEX CONCURRENTLY " + index)
'''


def alembic_migration(advice: IndexAdvice) -> str:
    """Python source of one revision."""
    found = changes(advice)
    lines = [HEAD.format(revision=digest(found)), "", "def upgrade():"]
    for change in found:
        lines += _call(change.title, change.why, change.forward, change.leaves)
    lines += [] if found else ["    pass  # there is nothing to do"]
    lines += ["", "", "def downgrade():"]
    for change in reversed(found):
        lines += _undo(change)
    lines += [] if found else ["    pass"]
    return "\n".join(lines) + "\n"


def _call(title: str, why: str, steps: tuple[str, ...], leaves: tuple[str, ...]) -> list[str]:
    lines = [f"    {line}" for line in (*comment(title), *comment(why))]
    if leaves:
        lines.append(f"    drop_leftovers({', '.join(map(python, leaves))})")
    return [*lines, "    run(", *(f"        {python(step)}," for step in steps), "    )"]


def _undo(change: Change) -> list[str]:
    title = f"undo: {change.title}"
    if not change.backward:
        return [*(f"    {line}" for line in comment(title)), "    raise NotImplementedError"]
    return _call(title, "", change.backward, change.rebuilt)
