"""Files that are shipped beside the code."""

from importlib.abc import Traversable
from importlib.resources import files
from pathlib import Path


def rules_root() -> Traversable:
    """The built-in rules: packed into the wheel, or `rules/` of the repository."""
    packaged = files("pgtune_cli").joinpath("data", "rules")
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent / "rules"
