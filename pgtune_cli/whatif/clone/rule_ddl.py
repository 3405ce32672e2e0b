"""DDL of what turns a command on a table or view into another: rules, and triggers INSTEAD OF it."""

import re
from collections.abc import Iterator

from pgtune_cli.model.catalog import Catalog, RelationKind
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.whatif.clone.item import SERVICE, Item, Stage

QUOTED = re.compile(r'"(?:[^"]|"")*"')
INSTEAD = re.compile(r" INSTEAD OF ((?:INSERT|UPDATE|DELETE)(?: OR (?:INSERT|UPDATE|DELETE))*) ON ")


def rule_items(catalog: Catalog) -> Iterator[Item]:
    names = {relation.relation_name for relation in catalog.relations}
    for rule in catalog.rules:
        if rule.table in names:
            definition = rule.definition.rstrip().removesuffix(";")
            yield Item(stage=Stage.RULE, what=f"rule {rule.name} of {rule.table}", sql=definition)


def trigger_items(catalog: Catalog) -> Iterator[Item]:
    """All that a plan shows of them is that they are there: they call nothing of the source's."""
    views = {relation.relation_name for relation in catalog.relations if relation.kind is RelationKind.VIEW}
    for trigger in catalog.triggers or ():
        events = INSTEAD.search(QUOTED.sub('""', trigger.definition))
        if trigger.table not in views or events is None or trigger.enabled == "D":
            continue
        name, table = quote_identifier(trigger.name), qualified(trigger.table)
        sql = (
            f"CREATE TRIGGER {name} INSTEAD OF {events[1]} ON {table} FOR EACH ROW EXECUTE FUNCTION {SERVICE}.instead()"
        )
        yield Item(stage=Stage.RULE, what=f"trigger {trigger.name} of {trigger.table}", sql=sql)
