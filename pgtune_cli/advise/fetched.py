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


def fetched(
    cost: float, pages: float, rows: float, conditions: int, loops: float, ordered: float, constants: Constants
) -> float:
    """Tuples a loop whose fetching costs `cost`, of a table of so many pages and rows; `ordered` is correlation²."""
    low, high = 0.0, max(rows, 1.0)
    for _ in range(FETCH_STEPS):
        middle = (low + high) / 2
        if _cost(middle, pages, rows, conditions, loops, ordered, constants) < cost:
            low = middle
        else:
            high = middle
    return high


def _cost(
    tuples: float, pages: float, rows: float, conditions: int, loops: float, ordered: float, constants: Constants
) -> float:
    """Index leaves left out: a few hundred tuples share one."""
    each = constants.cpu_index_tuple_cost + constants.cpu_tuple_cost + conditions * constants.cpu_operator_cost
    scattered = pages_of(tuples * loops, pages) / loops * constants.random_page_cost
    in_a_row = tuples / max(rows, 1.0) * pages * constants.seq_page_cost
    return tuples * each + scattered * (1 - ordered) + in_a_row * ordered


def pages_of(tuples: float, pages: float) -> float:
    """Distinct pages that so many tuples lie on (Mackert and Lohman, all of them cached)."""
    return min(2 * pages * tuples / max(2 * pages + tuples, 1e-9), pages)
