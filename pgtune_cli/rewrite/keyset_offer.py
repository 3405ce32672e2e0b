"""One pagination of one statement, from the judgement to the offer: texts, index, cost, proof and gain."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.collect.connection import Connection
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.rewrite import Proof, Rewrite, RewriteStatus
from pgtune_cli.model.statement import Prepared, Statement
from pgtune_cli.rewrite.costs import planned_costs
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_judge import paginations
from pgtune_cli.rewrite.keyset_pages import Page, maker
from pgtune_cli.rewrite.keyset_proof import KeysetProof
from pgtune_cli.rewrite.keyset_told import KIND, Site, as_offered, blocks_per_call
from pgtune_cli.rewrite.options import RewriteOptions
from pgtune_cli.rewrite.outcome import Context, refused
from pgtune_cli.rewrite.parameters import inlined
from pgtune_cli.rewrite.session import Session, Unproven, snapshot
from pgtune_cli.rewrite.source import Source

SHALLOW_BLOCKS = 32
"""blocks a call below which OFFSET costs nobody anything: the pages are shallow or the table is small"""


async def keyset_rewrites(context: Context, statement: Statement, source: Source) -> list[Rewrite]:
    """One Rewrite for every place of the statement that skips rows, refused ones included."""
    found = []
    prepared = context.prepared(statement)
    own = Source(prepared.sql, context.shape(prepared.sql), source.catalog, source.volatility) if prepared else None
    judged_own = list(paginations(own)) if own is not None else []
    for at, judged in enumerate(paginations(source)):
        blocks = blocks_per_call(statement)
        if not isinstance(judged, Keyset):
            found.append(refused(statement, KIND, judged))
            continue
        shown = maker(source, judged, prepared.parameter_types if prepared else ())
        if shown is None:
            found.append(refused(statement, KIND, ("unreadable", "its text has a form that cannot be edited safely")))
            continue
        if 0 < blocks < SHALLOW_BLOCKS:
            found.append(refused(statement, KIND, ("shallow", f"its pages are shallow: {blocks:.0f} blocks a call")))
            continue
        own_keyset = judged_own[at] if at < len(judged_own) else None
        run = None
        if prepared is not None and own is not None and isinstance(own_keyset, Keyset):
            run = maker(own, own_keyset, prepared.parameter_types)
        found.append(await _Offer(context, statement, Site(judged, shown, run, source)).make())
    return found


class _Offer:
    """Makes the Rewrite of one site."""

    def __init__(self, context: Context, statement: Statement, site: Site) -> None:
        self._context = context
        self._options: RewriteOptions = context.options
        self._statement = statement
        self._site = site
        self._prepared: Prepared | None = context.prepared(statement)
        self._plans: StatementPlans | None = context.analysis.plans.get(statement.fingerprint)

    async def make(self) -> Rewrite:
        site = await self._with_types()
        shown, run = site.shown.pages(), site.run.pages() if site.run is not None else None
        types = self._prepared.parameter_types if self._prepared else ()
        offered = as_offered(self._context, self._statement, site, shown, types)
        if self._prepared is None or run is None or site.run is None:
            reason = self._plans.not_explained if self._plans is not None else None
            return msgspec.structs.replace(offered, reason=reason or "not planned: no server and no clone to ask")
        planned = await self._planned(site, run)
        if isinstance(planned, str):
            return refused(self._statement, KIND, ("no_cheaper", planned))
        before, after = planned
        if before is not None and after is not None:
            offered = msgspec.structs.replace(
                offered, cost_before=before, cost_after=after, cost_engine=self._context.engine
            )
        connection = self._context.connection
        executed = self._plans is not None and any(plan.executed for plan in self._plans.plans)
        if connection is None or connection.is_closed() or not executed:
            reason = (self._plans.not_executed if self._plans else None) or "no server at hand"
            checked = await self._checked_offline(run)
            if checked is not None:
                return refused(self._statement, KIND, ("other_columns", checked))
            return msgspec.structs.replace(offered, reason=f"not executed: {reason}")
        return await self._prove(offered, site, run, connection)

    async def _with_types(self) -> Site:
        """The types of key expressions, from the server or the clone: the cursor is cast to them."""
        site, session = self._site, self._context.describe
        missing = [key for key in site.keyset.keys if key.type is None]
        if not missing or session is None or session.is_closed() or site.run is None or self._prepared is None:
            return site
        try:
            async with snapshot(session, self._options.max_time_ms) as server:
                _, columns = await server.types(self._inlined(site.run.rows()))
        except (Unproven, IndexError):
            return site
        types = [name for _, name in columns]
        return Site(_typed(site.keyset, types), site.shown.typed(types), site.run.typed(types), site.source)

    def _inlined(self, sql: str) -> str:
        prepared = self._prepared
        values = prepared.value_sets[0].values if prepared is not None and prepared.value_sets else ()
        return inlined(sql, values, prepared.parameter_types if prepared is not None else ())

    async def _planned(self, site: Site, run: Sequence[Page]) -> tuple[float | None, float | None] | str:
        """Costs of a page in the middle, or why the key form is no better."""
        assert site.run is not None
        assert self._prepared is not None
        next_page = next((page for page in run if page.variant.role == "next_page"), None)
        if next_page is None:
            return None, None
        size = self._page_size(site.keyset)
        depth = max(int((self._context.rows(site.keyset) or 0) / 2), size)
        candidate = None if site.keyset.served else site.keyset.candidate
        return await planned_costs(
            self._context,
            self._prepared,
            site.run.offset_page(depth, size),
            site.run.limited(next_page, size),
            candidate,
        )

    def _page_size(self, keyset: Keyset) -> int:
        limit = keyset.block.limit
        size = self._options.page_size.default
        return min(size, limit.value) if limit is not None and limit.value else size

    async def _checked_offline(self, run: Sequence[Page]) -> str | None:
        """The clone has no rows, but it has the types."""
        session = self._context.describe
        if session is None or session.is_closed():
            return None
        try:
            async with snapshot(session, self._options.max_time_ms) as server:
                return await same_columns(server, self._prepared, run)
        except Unproven:
            return None

    async def _prove(self, offered: Rewrite, site: Site, run: Sequence[Page], connection: Connection) -> Rewrite:
        assert site.run is not None
        assert self._prepared is not None
        replace = msgspec.structs.replace
        try:
            async with snapshot(
                connection, self._options.max_time_ms, self._context.code, trust_functions=self._options.trust_functions
            ) as session:
                differs = await same_columns(session, self._prepared, run)
                if differs is not None:
                    return refused(self._statement, KIND, ("other_columns", differs))
                proof_of = KeysetProof(session, self._prepared, site.keyset, site.run, self._page_size(site.keyset))
                proof = await proof_of.run(run)
                if proof.mismatches:
                    reason = f"the proof found {proof.mismatches} rows or pages out of order"
                    return replace(refused(self._statement, KIND, ("disproven", reason)), proof=proof)
                measured = await self._measured(session, proof_of, site, run, proof)
        except Unproven as exc:
            return replace(offered, reason=str(exc))
        if measured is not None and measured[1] >= measured[0]:
            reason = (
                f"the rows are the same, but a page in the middle reads {measured[1]} blocks instead of {measured[0]}"
            )
            return replace(
                refused(self._statement, KIND, ("no_fewer_blocks", reason)),
                proof=proof, blocks_before=measured[0], blocks_after=measured[1],
            )  # fmt: skip
        before, after = measured or (None, None)
        sampled = proof.method == "sampled"
        return replace(
            offered,
            status=RewriteStatus.SAMPLED if sampled else RewriteStatus.PROVEN,
            reason=_sampled_reason(proof) if sampled else None,
            proof=proof, blocks_before=before, blocks_after=after,
        )  # fmt: skip

    async def _measured(
        self, session: Session, proof_of: KeysetProof, site: Site, run: Sequence[Page], proof: Proof
    ) -> tuple[int, int] | None:
        """Blocks of a page in the middle by OFFSET and by key; None where the index is not there yet."""
        keyset = site.keyset
        if (keyset.candidate is not None and not keyset.served) or proof.rows < 2 or site.run is None:
            return None
        depth, size = max(proof.rows // 2, 1), self._page_size(keyset)
        try:
            found = await proof_of.cursors([depth])
            if not found:
                return None
            _, cursor = found[0]
            nulls = tuple(value is None for value in cursor)
            page = next(
                (each for each in run if each.variant.role == "next_page" and each.variant.nulls == nulls), None
            )
            if page is None:
                return None
            before = await session.plan(self._inlined(site.run.offset_page(depth, size)), execute=True)
            after = await session.plan(proof_of.bound(page, cursor, depth, size), execute=True)
        except (Unproven, IndexError):
            return None
        return (before.blocks, after.blocks) if before.blocks is not None and after.blocks is not None else None


def _typed(keyset: Keyset, types: Sequence[str]) -> Keyset:
    keys = tuple(
        key if key.type is not None else msgspec.structs.replace(key, type=type_ or None)
        for key, type_ in zip(keyset.keys, types, strict=True)
    )
    return msgspec.structs.replace(keyset, keys=keys)


async def same_columns(session: Session, prepared: Prepared | None, pages: Sequence[Page]) -> str | None:
    """None when every page prepares with the original's columns and parameter types; else what differs."""
    if prepared is None:
        return None
    types, wanted = await session.types(prepared.sql)
    for page in pages:
        name = page.variant.role.replace("_", " ")
        found_types, found = await session.types(page.statement.sql)
        if found != wanted:
            return f"the {name} returns other columns than the original"
        for source, type_ in zip(page.sources, found_types, strict=True):
            if source > 0 and source <= len(types) and types[source - 1] != type_:
                return f"the {name} takes ${source} as {type_}, the original as {types[source - 1]}"
    return None


def _sampled_reason(proof: Proof) -> str:
    missed = f"{100 * (proof.missed or 0):.0f} %"
    return f"{proof.samples} pages compared: a fault in one of a hundred places goes unseen with a chance of {missed}"
