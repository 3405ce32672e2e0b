"""The remedies of a managed service: names are put where they belong, whatever they look like."""

import re

import pytest

from pgtune_cli.collect.services import OWN, SERVICES, Service

ALL = (OWN, *SERVICES)


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name or "own")
def test_a_name_that_looks_like_a_place_is_put_in_as_it_is(service: Service) -> None:
    plain, odd = service.bypassed('"u"'), service.bypassed('"{admin} {user}"')
    assert odd == plain.replace('"u"', '"{admin} {user}"')
    for restart in (False, True):
        said = service.set("work_mem", "{setting} {value} {change}", restart=restart)
        assert said == service.set("work_mem", "4MB", restart=restart).replace("4MB", "{setting} {value} {change}")


@pytest.mark.parametrize("service", ALL, ids=lambda service: service.name or "own")
def test_no_place_stays_open(service: Service) -> None:
    for restart in (False, True):
        said = service.set("work_mem", "4MB", restart=restart)
        assert "work_mem" in said
        assert "4MB" in said
        assert not re.search(r"[{}]", said)
    assert not re.search(r"[{}]", service.created() + service.bypassed('"u"') + service.preload)
