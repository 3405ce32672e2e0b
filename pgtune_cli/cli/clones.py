"""The clones that are kept for reuse, as the configuration says where and how many."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgtune_cli.settings import CacheSettings
    from pgtune_cli.whatif.clone.cache import CloneCache


def clone_cache(settings: "CacheSettings") -> "CloneCache":
    """The cache of these settings; its folder is made when it is first used."""
    from pgtune_cli.whatif.clone.cache import CloneCache, default_folder

    folder = settings.dir if settings.dir is not None else default_folder(os.environ)
    return CloneCache(folder, settings.max_bytes, settings.max_age_ms / 1000)
