"""One statement planned: prepared, judged, and explained with each of its value sets."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError, transaction
from pgtune_cli.errors import UsageError
from pgtune_cli.explain.code_catalog import CodeCatalog
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.plans import Explained, explain, statement_plan
from pgtune_cli.explain.prepare import prepare
from pgtune_cli.explain.reasons import GONE, refused_text, server_failure
from pgtune_cli.explain.safety import may_execute_plan, may_execute_text, may_plan
from pgtune_cli.explain.sample_rows import sample_rows
from pgtune_cli.explain.session import LEXICAL, prepared
from pgtune_cli.explain.values import DEFAULT, choices, default_set
from pgtune_cli.model.plan import StatementPlan
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Prepared, Statement, ValueSet

PLANNED = "VERBOSE, SETTINGS"


class Planned(msgspec.Struct, frozen=True):
    """A statement with its plans, the one of record first, and why it must not be executed."""

    statement: Statement
    prepared: Prepared
    plans: tuple[StatementPlan, ...]
    not_executed: str | None

    @property
    def record(self) -> ValueSet:
        """The values of the plan of record."""
        return self.prepared.value_sets[0]


async def plan_statement(
    connection: Connection,
    snapshot: Snapshot,
    statement: Statement,
    code: CodeCatalog,
    options: ExplainOptions,
    source: str,
    replica: Connection | None = None,
) -> Planned | str:
    """The plans, or why there are none. Never raises for the statement or a broken connection.

    Rows are looked at on the `replica` where there is one.
    """
    if connection.is_closed():
        return GONE
    # the clone is a sandbox: nobody's rows are there, and nothing that a function could reach
    trust = options.trust_functions or source == "clone"
    try:
        # reading a constant of an array of a domain runs the domain's check: PREPARE is too late to ask
        reason = refused_text(statement.query) or may_plan(statement.query, (), code, trust_functions=trust)
        if reason is not None:
            return reason
        ready = await prepare(connection, statement, snapshot)
        if isinstance(ready, str):
            return ready
        reason = may_plan(ready.sql, ready.parameter_types, code, trust_functions=trust)
        if reason is not None:
            return reason
        if options.execute and options.sample_rows and source == "server":
            ready = await _with_rows(replica or connection, ready, statement, snapshot)
        found = await _explain_all(connection, ready, snapshot, options)
    except LOST:
        return GONE
    except PostgresError as error:
        return server_failure(error)
    except UsageError as error:
        return str(error)
    sets = tuple(values for values, _ in found)
    if sets[0].name == "generic":
        refused: str | None = "the server takes none of the values for its parameters"
    else:
        refused = may_execute_text(ready.sql, ready.parameter_types, code, trust_functions=trust)
    if refused is None:
        refused = may_execute_plan(found[0][1].whole, snapshot.catalog, code, trust_functions=trust)
    return Planned(
        statement=statement,
        prepared=msgspec.structs.replace(ready, value_sets=sets),
        plans=tuple(
            statement_plan(one.shown, source, values, executed=False, show_values=options.show_values)
            for values, one in found
        ),
        not_executed=refused,
    )


async def _with_rows(connection: Connection, ready: Prepared, statement: Statement, snapshot: Snapshot) -> Prepared:
    """Values of one row for columns that belong together, in the place of each column's own statistics."""
    if not ready.parameter_types or connection.is_closed():
        return ready
    known = choices(ready.sql, ready.parameter_types, statement, snapshot)
    rows = await sample_rows(connection, known.shape, known.values, known.source)
    return msgspec.structs.replace(ready, value_sets=known.sets(rows)) if rows else ready


async def _explain_all(
    connection: Connection, ready: Prepared, snapshot: Snapshot, options: ExplainOptions
) -> list[tuple[ValueSet, Explained]]:
    """A plan for every value set that the server takes; a set of defaults where it takes none of them."""
    found: list[tuple[ValueSet, Explained]] = []
    failure: PostgresError | None = None
    fallback = default_set(ready.sql, ready.parameter_types, snapshot.catalog)
    async with (
        transaction(connection, {**LEXICAL, **options.planner_settings}, isolation="read_committed", roles_path=True),
        prepared(connection, ready.sql) as statement,
    ):
        for values in (*ready.value_sets, fallback):
            if values is fallback and any(one.values is not None or one.name == "literal" for one, _ in found):
                break
            for trial in _trials(values, fallback):
                try:
                    one = await explain(
                        connection, statement.name, statement.types, trial, PLANNED, show_values=options.show_values
                    )
                except PostgresError as error:
                    failure = failure or error
                else:
                    found.append((trial, one))
                    break
    if failure is not None and not found:
        raise failure
    return sorted(found, key=lambda pair: pair[0].name == "generic")


def _trials(values: ValueSet, fallback: ValueSet) -> Iterator[ValueSet]:
    """The set; where the server refuses it, the set with a default in the place of each guess, one after the other."""
    yield values
    if values.values is None or fallback.values is None or values.origin != DEFAULT or values is fallback:
        return
    for at, (value, default) in enumerate(zip(values.values, fallback.values, strict=True)):
        if value != default:
            changed = (*values.values[:at], default, *values.values[at + 1 :])
            yield msgspec.structs.replace(values, values=changed)
