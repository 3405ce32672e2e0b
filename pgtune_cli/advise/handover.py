"""The script of one index: safe to run on a live table, again after an interruption, and with what undoes each step."""

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.other_methods import needs_extension
from pgtune_cli.advise.partitioned import partitioned_script
from pgtune_cli.advise.steps import PATIENT, Names, Script, Step, build, check_valid, last, settings
from pgtune_cli.model.catalog import RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql
from pgtune_cli.sql.quote import qualified, quote_identifier


def script(candidate: CandidateIndex, names: Names, facts: Facts) -> Script:
    """CREATE INDEX CONCURRENTLY; of a partitioned table on each partition, then attached."""
    relation = facts.relations.get(candidate.table)
    partitioned = relation is not None and relation.kind is RelationKind.PARTITIONED
    made = partitioned_script(candidate, names, facts) if partitioned else _plain(candidate, names)
    return msgspec.structs.replace(made, steps=(*_extension(candidate, facts), *made.steps))


def _plain(candidate: CandidateIndex, names: Names) -> Script:
    name = names.take(candidate)
    own = RelationName(candidate.table.schema, name)
    return Script(
        name=name,
        sql=create_index_sql(candidate, name),
        steps=(*settings(PATIENT), build(candidate, name), check_valid(own, candidate.table), *last(candidate)),
        rollback_sql=drop_index_sql(own.schema, name),
        leaves=(qualified(own),),
    )


def _extension(candidate: CandidateIndex, facts: Facts) -> list[Step]:
    """Nothing where the server has it already. It stays when the index goes: others may use it by then."""
    extension = needs_extension(candidate, facts)
    if extension is None:
        return []
    return [Step(f"CREATE EXTENSION IF NOT EXISTS {quote_identifier(extension)} SCHEMA public")]
