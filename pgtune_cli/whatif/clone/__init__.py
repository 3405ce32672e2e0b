"""A statistics-only clone: the schema, statistics and sizes of a database, without a row of it, in a local server."""

from pgtune_cli.whatif.clone.clone import Clone
from pgtune_cli.whatif.clone.session import open_clone

__all__ = ["Clone", "open_clone"]
