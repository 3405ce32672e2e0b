"""What is kept for reuse, as the configuration says where and how much."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgtune_cli.server.kept_data import DataCache
    from pgtune_cli.settings import CacheSettings


def data_cache(settings: "CacheSettings") -> "DataCache":
    """The cache of these settings; its folder is made when it is first used."""
    from pgtune_cli.server.kept_data import DataCache

    return DataCache(settings.dir, settings.max_bytes, settings.max_age_ms / 1000)
