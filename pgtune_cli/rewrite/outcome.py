"""What all rewriters are given, and what they say when there is nothing to offer."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.collect.connection import Connection
from pgtune_cli.explain.code_catalog import CodeCatalog
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.rewrite import Rewrite, RewriteStatus
from pgtune_cli.model.statement import Prepared, Statement
from pgtune_cli.rewrite.keyset import Keyset, Refusal
from pgtune_cli.rewrite.options import RewriteOptions
from pgtune_cli.sql.shape import Shape, shape
from pgtune_cli.whatif.protocol import WhatIf


class Context(msgspec.Struct, frozen=True):
    """One run over one analysis. `connection` executes, `describe` only prepares: the server or the clone."""

    analysis: Analysis
    search_path: tuple[str, ...]
    whatif: WhatIf | None
    connection: Connection | None
    describe: Connection | None
    options: RewriteOptions
    code: CodeCatalog | None = None
    """what the database holds: nothing is executed without."""

    def prepared(self, statement: Statement) -> Prepared | None:
        plans = self.analysis.plans.get(statement.fingerprint)
        return plans.prepared if plans is not None else None

    def shape(self, text: str) -> Shape:
        """Raises Unreadable."""
        found = shape(text, self.analysis.snapshot.catalog, self.search_path)
        if found is None:
            raise Unreadable
        return found

    @property
    def engine(self) -> str | None:
        return self.whatif.engine if self.whatif is not None else None

    def channel(self, statement: Statement) -> str:
        return statement.sample_channel or self.analysis.snapshot.workload.source

    def rows(self, keyset: Keyset) -> float | None:
        """Rows of the table that the first key belongs to."""
        table = keyset.block.table(keyset.keys[0].relation_alias or "") if keyset.keys else None
        relation = self.analysis.snapshot.catalog.relation(table.relation) if table and table.relation else None
        return relation.reltuples if relation is not None else None


class Unreadable(Exception):
    """No parser takes the text that PREPARE accepted."""


def refused(statement: Statement, kind: str, why: Refusal | tuple[str, str], *, before: str | None = None) -> Rewrite:
    case, reason = (why.case, why.reason) if isinstance(why, Refusal) else why
    return Rewrite(
        statement=statement.fingerprint,
        kind=kind,
        before=before or statement.query,
        status=RewriteStatus.REFUSED,
        reason=reason,
        case=case,
    )


def gain(rewrite: Rewrite, statements: Sequence[Statement]) -> tuple[float, float]:
    """Sort key: what the statement reads per row it returns, most first, then its share of the time."""
    statement = next((one for one in statements if one.fingerprint == rewrite.statement), None)
    if statement is None:
        return 0.0, 0.0
    blocks = statement.shared_blks_hit + statement.shared_blks_read
    return -blocks / max(statement.rows, 1), -statement.share_of_time
