"""Marks on the fields of a snapshot that hold what rows hold: `pgtune snapshot --no-values` leaves these out.

A field of text without a mark holds a name or a definition of the schema. A test keeps the list of those.
"""

from msgspec import Meta

VALUES = Meta(extra={"holds": "values"})
"""values of rows, or counts of them: becomes its default."""
LITERALS = Meta(extra={"holds": "literals"})
"""the text of a statement: keeps its words, its constants become `$n`."""
