"""How many tuples an index scan fetches before its filter: EXPLAIN prints only what is left, but costs them all."""

import msgspec

FETCH_STEPS = 50


class Constants(msgspec.Struct, frozen=True, kw_only=True):
    """The planner's, as the plan was made with them."""

    random_page_cost: float = 4.0
    seq_page_cost: float = 1.0
    cpu_tuple_cost: float = 0.01
    cpu_index_tuple_cost: float = 0.005
    cpu_operator_cost: float = 0.0025


class IndexScan(msgspec.Struct, frozen=True, kw_only=True):
    """What the planner knew when it costed one (costsize.c, cost_index)."""

    pages: float
    """of the table; only those not all visible where an index-only scan has to look there."""
    rows: float
    leaves: float
    """pages of the index."""
    conditions: int
    loops: float
    """the repeats that it shared the pages out among."""
    ordered: float
    """correlation²."""


def fetched(cost: float, scan: IndexScan, constants: Constants) -> float:
    """Tuples a loop whose fetching costs `cost`."""
    low, high = 0.0, max(scan.rows, 1.0)
    for _ in range(FETCH_STEPS):
        middle = (low + high) / 2
        if _cost(middle, scan, constants) < cost:
            low = middle
        else:
            high = middle
    return high


def _cost(tuples: float, scan: IndexScan, constants: Constants) -> float:
    part = tuples / max(scan.rows, 1.0)
    each = constants.cpu_index_tuple_cost + constants.cpu_tuple_cost + scan.conditions * constants.cpu_operator_cost
    scattered = pages_of(tuples * scan.loops, scan.pages) / scan.loops * constants.random_page_cost
    if scan.loops > 1:
        # each repeat finds the pages of those before it in the cache
        leaf = _shared(part * scan.leaves, scan.leaves, scan.loops) * constants.random_page_cost
        in_a_row = _shared(part * scan.pages, scan.pages, scan.loops) * constants.random_page_cost
    else:
        leaf = max(part * scan.leaves, 1.0) * constants.random_page_cost
        in_a_row = constants.random_page_cost + max(part * scan.pages - 1, 0.0) * constants.seq_page_cost
    in_a_row = min(in_a_row, scan.pages * constants.random_page_cost)
    return tuples * each + leaf + scattered * (1 - scan.ordered) + in_a_row * scan.ordered


def _shared(pages: float, of: float, loops: float) -> float:
    return pages_of(max(pages, 1.0) * loops, of) / loops


def pages_of(tuples: float, pages: float) -> float:
    """Distinct pages that so many tuples lie on (Mackert and Lohman, all of them cached)."""
    return min(2 * pages * tuples / max(2 * pages + tuples, 1e-9), pages)
