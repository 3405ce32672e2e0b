"""Runs of a few statements, made up by their figures, and compared as `pgtune check` does."""

from dataclasses import dataclass, replace

from pgtune_cli.compare.run import make_baseline
from pgtune_cli.compare.verdict import compare
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, Function
from pgtune_cli.model.comparison import Baseline, Comparison
from pgtune_cli.model.snapshot import Server, Snapshot, Usage, Workload
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Settings

S = Settings()


@dataclass
class Ran:
    """One statement of a window, per call."""

    query: str = "select * from orders where id = $1"
    calls: int = 100
    ms: float = 10.0
    rows: float = 1
    blocks: float = 40
    temp: float = 0
    wal: float = 0
    deviation: float | None = None
    read: float = 0
    reading: float | None = None

    def statement(self, fingerprint: str) -> Statement:
        return Statement(
            fingerprint=fingerprint,
            query=self.query,
            calls=self.calls,
            mean_exec_time_ms=self.ms,
            total_exec_time_ms=self.ms * self.calls,
            rows=round(self.rows * self.calls),
            stddev_exec_time_ms=self.deviation,
            shared_blks_hit=round((self.blocks - self.read) * self.calls),
            shared_blks_read=round(self.read * self.calls),
            blk_read_time_ms=None if self.reading is None else self.reading * self.calls,
            temp_blks_written=round(self.temp * self.calls),
            wal_records=round(self.wal * self.calls),
        )


def analysis_with(body: str) -> Analysis:
    """Of a database whose one function has this body."""
    function = Function(
        schema="public", name="price", arguments="integer", result="integer", language="plpgsql", kind="f",
        volatility="v", definition=f"CREATE FUNCTION public.price(integer) AS $$begin {body}; end$$",
    )  # fmt: skip
    server = Server(version_num=180000, version="18.0", database="shop", user="me")
    snapshot = Snapshot(
        pgtune_version="1", server=server, workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(functions=(function,), triggers=()), statistics=(), usage=Usage(), skipped=(),
    )  # fmt: skip
    return Analysis(snapshot=snapshot, statements=(), plans={})


def window(**ran: Ran) -> tuple[Statement, ...]:
    return tuple(each.statement(fingerprint) for fingerprint, each in ran.items())


NEIGHBOURS = {f"n{n}": Ran(query=f"select {n} from t{n}", calls=50, ms=5.0) for n in range(6)}


def compared(after: tuple[Statement, ...], baseline: Baseline | None, settings: Settings) -> tuple[Comparison, ...]:
    return compare(make_baseline([after], settings), baseline, settings).comparisons


def judged(before: Ran, after: Ran, neighbours_after: dict[str, Ran] | None = None) -> Comparison:
    """The verdict on one statement among neighbours that did not change."""
    baseline = make_baseline([window(x=before, **NEIGHBOURS)], S)
    found = compared(window(x=after, **(neighbours_after or NEIGHBOURS)), baseline, S)
    return next(comparison for comparison in found if comparison.fingerprint == "x")


def outcome(comparison: Comparison) -> tuple[str, bool, tuple[str, ...]]:
    return comparison.verdict.value, comparison.fails, comparison.reasons


def five(times: list[float], others: int = 6) -> Baseline:
    """Windows of one statement and of its neighbours."""
    wander = (1.0, 1.01, 0.99, 1.02, 0.98)
    near = [{key: replace(NEIGHBOURS[key], ms=5.0 * by) for key in list(NEIGHBOURS)[:others]} for by in wander]
    return make_baseline([window(x=Ran(ms=ms), **each) for ms, each in zip(times, near, strict=True)], S)
