"""What a run of the rewriters is told."""

import msgspec

from pgtune_cli.rewrite.sketches import PageSize


class RewriteOptions(msgspec.Struct, frozen=True, kw_only=True):
    max_time_ms: float = 10_000
    trust_functions: bool = False
    page_size: PageSize = PageSize()
