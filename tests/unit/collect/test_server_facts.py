"""Which servers are too old."""

import pytest

from pgtune_cli.collect.server_facts import refuse_old
from pgtune_cli.errors import ServerRefused


@pytest.mark.parametrize(("major", "minor"), [(13, 0), (18, 6), (19, 0)])
def test_13_and_later_are_read(major: int, minor: int) -> None:
    refuse_old(major, minor)


@pytest.mark.parametrize(("major", "minor"), [(12, 22), (9, 6)])
def test_older_servers_are_refused_by_name(major: int, minor: int) -> None:
    with pytest.raises(ServerRefused) as caught:
        refuse_old(major, minor)
    assert str(caught.value) == f"PostgreSQL {major}.{minor} is too old: pgtune reads 13 and later"
