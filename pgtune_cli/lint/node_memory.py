"""Facts of a plan node: the memory it used, what went to disk, and the work_mem that would have held it."""

from typing import Any

from pgtune_cli.lint.lazy import fact
from pgtune_cli.lint.node_facts import ANALYZE, BUFFERS, NodeBase
from pgtune_cli.lint.plan_view import number_in
from pgtune_cli.model.plan import PlanNode

SORTS = ("Sort", "Incremental Sort")
GROUPS = ("Full-sort Groups", "Pre-sorted Groups")
SORT_TUPLE_BYTES = 64
"""a row's place in the sort's array, which grows by doubling (2 x 24), and the header of its memory chunk."""
HASH_TUPLE_BYTES = 32
"""HJTUPLE_OVERHEAD and the header of a minimal tuple, as the planner counts a row of a hash table."""
GROUP_BYTES = 128
"""a group's hash entry, its tuple's header and one transition value."""
MARGIN = 1.1


class HowMuchMemory(NodeBase):
    @fact("a sort that used the disk", need=ANALYZE)
    def sort_spilled(self) -> bool | None:
        node = self.node
        if node.node_type not in SORTS:
            return False
        if node.sort_space_type is not None:
            return node.sort_space_type == "Disk"
        groups = [node.extra.get(key) for key in GROUPS]
        return any("Sort Space Disk" in group for group in groups if isinstance(group, dict)) if any(groups) else None

    @fact("what a sort used, memory or disk", need=ANALYZE)
    def sort_space_bytes(self) -> float | None:
        return self.view.there(_sort_space(self.node))

    @fact("parts a hash was split into; 1 fits in memory", need=ANALYZE)
    def hash_batches(self) -> float | None:
        """HashAgg Batches counts the spilled parts: 0 or 1 without any."""
        if self.node.hash_batches is not None:
            return float(self.node.hash_batches)
        return self.view.there(number_in(self.node, "HashAgg Batches"))

    @fact("parts that the planner split the hash into", need=ANALYZE)
    def planned_hash_batches(self) -> float | None:
        planned = number_in(self.node, "Original Hash Batches")
        return self.view.there(planned if planned is not None else self.node.hash_batches)

    @fact("the most memory that a hash, a hashed aggregate or a Memoize used", need=ANALYZE)
    def peak_memory_bytes(self) -> float | None:
        return self.view.there(_kilobytes(self.node.extra.get("Peak Memory Usage")))

    @fact("memory that a hash may use: work_mem times hash_mem_multiplier", need="settings")
    def hash_memory_limit_bytes(self) -> float | None:
        work_mem = _number(self.view.setting("work_mem"))
        return work_mem * self._hash_multiplier() if work_mem is not None else None

    @fact("work_mem that would have held the sort or hash, an estimate from its rows and their width; 0 where nothing "
          "went to disk", need=ANALYZE)  # fmt: skip
    def work_mem_needed_bytes(self) -> float | None:
        if not self.view.made.executed:
            return None
        if self.sort_spilled:
            return self._sort_memory() * MARGIN
        if (self.hash_batches or 0) > 1:
            return self._hash_memory() * MARGIN / self._hash_multiplier()
        return 0.0

    @fact("written to temporary files without its children", need=BUFFERS)
    def temp_bytes(self) -> float | None:
        blocks = self.own.temp_written_blocks
        return blocks * self.view.world.snapshot.server.block_size if blocks is not None else None

    def _sort_memory(self) -> float:
        """On disk the rows lie packed; before 15 each chunk of memory was rounded up to a power of two."""
        rows = max((child.actual_rows or 0.0 for child in self.children), default=0.0)
        rounded = 2.0 if self.view.world.snapshot.server.version_num < 150_000 else 1.0
        return (_sort_space(self.node) or 0.0) * rounded + rows * SORT_TUPLE_BYTES

    def _hash_memory(self) -> float:
        """As ExecChooseHashTableSize counts it, with the rows that came."""
        if self.node.node_type == "Aggregate":
            groups = max(self.node.actual_rows or 0.0, 1.0)
            return max(groups * (self.node.plan_width + GROUP_BYTES), 2 * (self.peak_memory_bytes or 0.0))
        rows = max(self.node.actual_rows or 0.0, self.node.plan_rows, 1.0)
        buckets = 2.0 ** (int(rows) - 1).bit_length()
        return rows * (HASH_TUPLE_BYTES + -(-self.node.plan_width // 8) * 8) + buckets * 8

    def _hash_multiplier(self) -> float:
        written = _number(self.view.setting("hash_mem_multiplier"), unit=False)
        return written or (2.0 if self.view.world.snapshot.server.version_num >= 150_000 else 1.0)


def _sort_space(node: PlanNode) -> float | None:
    """An incremental sort tells the largest of its groups."""
    groups = [node.extra.get(key) for key in GROUPS]
    spaces = [group.get(key) for group in groups if isinstance(group, dict)
              for key in ("Sort Space Memory", "Sort Space Disk")]  # fmt: skip
    peaks = [space.get("Peak Sort Space Used") for space in spaces if isinstance(space, dict)]
    used = [node.sort_space_used_kb, *(peak for peak in peaks if isinstance(peak, (int, float)))]
    return max((kilobytes * 1024.0 for kilobytes in used if kilobytes is not None), default=None)


def _kilobytes(value: Any) -> float | None:
    return value * 1024.0 if isinstance(value, (int, float)) else None


UNITS = {"kB": 1024, "MB": 1024**2, "GB": 1024**3, "B": 1}


def _number(text: str | None, *, unit: bool = True) -> float | None:
    """A memory setting in bytes: raw kilobytes from pg_settings, or with a unit as EXPLAIN prints it."""
    if text is None:
        return None
    digits = text.rstrip("kMGTB")
    try:
        return float(digits) * (UNITS.get(text[len(digits) :], 1024) if unit else 1)
    except ValueError:
        return None
