"""Index scans of parallel plans: those of workers are in counters of their own, and only the plan tells of them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pgtune_cli.collect.connection import Connection, scans_of
from pgtune_cli.explain.derive import index_scans, walk
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.plan import Plan


async def planners_scans(connection: Connection) -> dict[int, int]:
    """After one EXPLAIN in a transaction: what the planner looked up, by oid of the index."""
    scans = scans_of(connection)
    return await scans.so_far(connection) if scans is not None else {}


def count_workers(
    connection: Connection, executed: Sequence[Plan], planners: Mapping[int, int], catalog: Catalog
) -> None:
    """Tell who counts the scans, where workers took part; the planner looked again before each execution."""
    scans = scans_of(connection)
    found = sum((_below_gather(plan) for plan in executed), Counter[RelationName]())
    if scans is None or not found:
        return
    oids = {index.index_name: index.oid for index in catalog.indexes}
    plannings = len(executed) + 1
    scans.with_workers(
        {oids[name]: int(n) + plannings * planners.get(oids[name], 0) for name, n in found.items() if name in oids}
    )


def _below_gather(plan: Plan) -> Counter[RelationName]:
    nodes = {placed.path: placed.node for placed in walk(plan)}
    parallel = tuple(f"{path}." for path, node in nodes.items() if node.workers_launched)
    found: Counter[RelationName] = Counter()
    for scan in index_scans(plan):
        if scan.path.startswith(parallel):
            # 18 tells it; before, a node that looks for several values counts more, and these are too few
            node = nodes[scan.path]
            found[scan.index] += int(node.extra.get("Index Searches", node.loops or 0))
    return found
