"""The script of the index advice: what it runs is the advice alone."""

from pgtune_cli.model.index import ChosenIndex, IndexAdvice
from pgtune_cli.report.index_sql import index_script

NAME = "x\nDROP TABLE orders; --"
SQL = f'CREATE INDEX CONCURRENTLY i ON public."{NAME}" (a)'


def test_a_newline_in_a_name_does_not_end_a_comment() -> None:
    chosen = ChosenIndex(
        sql=SQL, steps=(SQL,), rollback_sql=f'DROP INDEX CONCURRENTLY public."{NAME}  i"', name=f"{NAME}_idx",
        relation=f"public.{NAME}", columns=("a",), size_bytes=1, benefit=1.0, write_cost=0.0, evidence={},
        statements=(), confidence="high", why=f"Serves public.{NAME}.",
    )  # fmt: skip
    script = index_script(IndexAdvice(chosen=(chosen,)))
    run = [line for line in script.splitlines() if line and not line.startswith("--")]
    assert run == ['CREATE INDEX CONCURRENTLY i ON public.U&"x\\000ADROP TABLE orders; --" (a);']
    assert '-- undo: DROP INDEX CONCURRENTLY public.U&"x\\000ADROP TABLE orders; --  i"' in script
    assert "-- 1. x DROP TABLE orders; --_idx" in script
