"""What a block gives to the query around it: its columns, by name."""

from pgtune_cli.sql.scope import Outputs, Scope
from pgtune_cli.sql.shape_types import Block, ColumnRef, SelectItem


def outputs_of(block: Block, scope: Scope) -> Outputs:
    """Names and passed-on columns of a finished block."""
    names: list[str] = []
    columns = {}
    for item in block.select:
        if item.star:
            found = _star(item, scope)
            if found is None:
                return Outputs(block.index, None)
            for name, column in found:
                names.append(name)
                if column is not None:
                    columns[name] = column
        else:
            names.append(item.name or "?column?")
            if item.name is not None and item.column is not None and not item.column.outer:
                columns[item.name] = item.column
    return Outputs(block.index, tuple(names), columns)


def _star(item: SelectItem, scope: Scope) -> list[tuple[str, ColumnRef | None]] | None:
    """(name, column) of `*` or `t.*`, in order; None when a table's columns are not known."""
    entries = [each for each in scope.tables if item.star_of is None or each.table.alias == item.star_of]
    found: list[tuple[str, ColumnRef | None]] = []
    for entry in entries:
        if entry.names is None:
            return None
        found += [(name, entry.reference(name)) for name in entry.ordered]
    return found if entries else None


def under_names(given: Outputs, names: tuple[str, ...]) -> Outputs:
    """The outputs under the column names that a CTE declares."""
    if not names or given.names is None:
        return Outputs(given.block, names or given.names, {} if names else given.columns)
    columns = {new: given.columns[old] for new, old in zip(names, given.names, strict=False) if old in given.columns}
    return Outputs(given.block, names + given.names[len(names) :], columns)
