"""What an index serves, in words: statements, and the look-ups that keep a foreign key."""

from pgtune_cli.model.index import ChosenIndex, ForeignKeyBenefit, StatementBenefit
from pgtune_cli.report.format import number_of


def counted(index: ChosenIndex) -> str:
    """`2 statements, 1 foreign key`."""
    counts = ((len(index.statements), "statement"), (len(index.foreign_keys), "foreign key"))
    return ", ".join(number_of(number, noun) for number, noun in counts if number) or number_of(0, "statement")


def foremost(index: ChosenIndex) -> StatementBenefit | ForeignKeyBenefit | None:
    """The statement that gains most; a look-up only where the index serves no statement."""
    return next((one for one in index.served if isinstance(one, StatementBenefit)), next(iter(index.served), None))


def foreign_key(benefit: ForeignKeyBenefit) -> str:
    return (
        f"foreign key {benefit.name} of {benefit.relation}, when a row of {benefit.references} goes or gets another key"
    )
