"""Command line and configuration, the command line first, as the options of an analysis."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pgtune_cli.errors import EmbeddedServerError, UsageError

if TYPE_CHECKING:
    from pgtune_cli.advise.advise import AdviseOptions
    from pgtune_cli.cli.params_file import Params
    from pgtune_cli.explain.runner import ExplainOptions
    from pgtune_cli.model.finding import Severity
    from pgtune_cli.settings import CacheSettings, Settings


@dataclass(frozen=True)
class AnalyzeOptions:
    """What the command line adds to the configuration."""

    execute: bool = True
    max_time_ms: float = 10_000
    timing: bool | None = None
    show_values: bool = False
    trust_functions: bool = False
    gentle: bool = False
    max_active: int = 20
    budget_bytes: int | None = None
    max_indexes: int | None = None
    max_per_table: int | None = None
    max_keys: int = 4
    allow_worse: bool = False
    time_limit_s: float | None = None
    engine: str = "clone"
    pg_bin: Path | None = None
    cache: "CacheSettings | None" = None
    """where clones of snapshot files and new servers are kept; None keeps none."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    page_size: tuple[int, int] = (50, 1000)
    """rows of a page in what the rewrites show: the default, and the most that may be asked for."""
    rule_dirs: tuple[Path, ...] = ()
    show_near_misses: bool = False
    params: "Params | None" = None
    unique: bool = False
    """indexes are UNIQUE where a count of the rows proves it."""
    may_count: bool = True
    trial: str | None = None
    """a scratch copy, where the indexes are built and measured."""

    def for_explain(self) -> "ExplainOptions":
        from pgtune_cli.explain.runner import ExplainOptions

        return ExplainOptions(
            execute=self.execute,
            max_time_ms=self.max_time_ms,
            timing={None: "auto", True: "on", False: "off"}[self.timing],
            show_values=self.show_values,
            trust_functions=self.trust_functions,
            gentle=self.gentle,
            max_active=self.max_active,
        )

    def for_advise(self) -> "AdviseOptions":
        from pgtune_cli.advise.advise import AdviseOptions

        return AdviseOptions(
            budget_bytes=self.budget_bytes,
            max_indexes=self.max_indexes,
            max_per_table=self.max_per_table,
            max_keys=self.max_keys,
            allow_worse=self.allow_worse,
            time_limit_s=self.time_limit_s,
        )


def analyze_options(
    settings: "Settings",
    *,
    no_execute: bool,
    max_time: str | None,
    timing: bool | None = None,
    trust_functions: bool = False,
    gentle: bool = False,
    max_active: int | None = None,
    show_values: bool = False,
    budget: str | None = None,
    max_indexes: int | None = None,
    max_per_table: int | None = None,
    max_keys: int = 4,
    time_limit: str | None = None,
    allow_worse: bool = False,
    engine: str = "clone",
    pg_bin: Path | None = None,
    no_cache: bool = False,
    select: list[str] | None = None,
    ignore: list[str] | None = None,
    rules: list[Path] | None = None,
    params: Path | None = None,
    show_near_misses: bool = False,
    trial: str | None = None,
    yes: bool = False,
    unique: bool | None = None,
    count: bool = True,
) -> AnalyzeOptions:
    """Raises UsageError for a value that cannot be read. `count`: keys may be counted, whatever else is executed."""
    from pgtune_cli.settings import parse_duration_ms, parse_size_bytes

    if trial is not None and not yes:
        raise UsageError("--trial builds and drops indexes in that database", "add --yes to agree")
    if max_active is not None and max_active < 0:
        raise UsageError(f"--max-active {max_active} is below 0")
    if pg_bin is not None:
        _check_binaries(pg_bin)
    for folder in rules or ():
        if not folder.is_dir():
            raise UsageError(f"no folder {folder} for --rules")
    return AnalyzeOptions(
        execute=settings.execute != "never" and not no_execute,
        max_time_ms=parse_duration_ms(max_time) if max_time else settings.max_time_ms,
        timing=timing,
        show_values=show_values,
        trust_functions=trust_functions,
        gentle=gentle,
        max_active=settings.max_active if max_active is None else max_active,
        budget_bytes=parse_size_bytes(budget) if budget else settings.budget_bytes,
        page_size=(settings.pagination.page_size, settings.pagination.max_page_size),
        max_indexes=max_indexes,
        max_per_table=max_per_table,
        max_keys=max_keys,
        allow_worse=allow_worse,
        time_limit_s=parse_duration_ms(time_limit) / 1000 if time_limit else None,
        engine=engine,
        pg_bin=pg_bin,
        cache=settings.cache if settings.cache.enabled and not no_cache else None,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        rule_dirs=tuple(rules or ()),
        show_near_misses=show_near_misses,
        params=_params(params),
        trial=trial,
        unique=settings.unique if unique is None else unique,
        may_count=settings.execute != "never" and count,
    )


def _params(path: Path | None) -> "Params | None":
    from pgtune_cli.cli.params_file import read_params

    return read_params(path) if path is not None else None


def _check_binaries(folder: Path) -> None:
    from pgtune_cli.server.binaries import find_binaries

    try:
        find_binaries(folder, major=18)
    except EmbeddedServerError as exc:
        raise UsageError(f"--pg-bin: {exc}", exc.hint) from exc


def severity(name: str | None) -> "Severity | None":
    """--fail-on as a Severity."""
    from pgtune_cli.model.finding import Severity

    if name is None:
        return None
    return Severity(name)
