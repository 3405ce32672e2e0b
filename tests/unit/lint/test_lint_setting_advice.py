"""Settings that rules would have changed: ALTER SYSTEM, or the managed service's own way."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_folder, load_rules
from pgtune_cli.model.finding import Suggestion
from pgtune_cli.model.server_state import Checkpoints, ServerState
from pgtune_cli.model.snapshot import Server, Usage

BUSY = Usage(server=ServerState(checkpoints=Checkpoints(timed=1, requested=99, days=9.0, wal_bytes=9e11)))
RULE = """\
id: OWN001
name: too-many-orders
severity: info
confidence: low
for: table
when: table.rows > 1
message: Many.
why: Because.
suggestion: {suggestion}
"""


def suggested(shop: Any, rule: str, service: str | None, **settings: str) -> Suggestion:
    server = Server(
        version_num=180000, version="18", database="shop", user="reader", service=service, settings=settings
    )
    findings, _ = evaluate(load_rules(), shop.analysis(server=server, usage=BUSY), select=[rule])
    (found,) = findings
    assert found.suggestion is not None
    return found.suggestion


def test_a_server_of_ones_own_gets_sql_that_takes_effect(shop: Any) -> None:
    found = suggested(shop, "SERVER018", None, max_wal_size="2048")
    assert found.sql == "ALTER SYSTEM SET max_wal_size = '8192MB';\nSELECT pg_reload_conf()"
    assert found.rollback_sql == "ALTER SYSTEM RESET max_wal_size;\nSELECT pg_reload_conf()"


@pytest.mark.parametrize(
    ("service", "way"),
    [
        ("Amazon RDS", "ParameterName=max_wal_size,ParameterValue=8192,ApplyMethod=immediate"),
        ("Google Cloud SQL", "gcloud sql instances patch <instance> --database-flags=max_wal_size=8192"),
        ("Azure Database for PostgreSQL", "--name max_wal_size --value 8192"),
    ],
)
def test_a_managed_service_gets_its_own_way_and_no_sql(shop: Any, service: str, way: str) -> None:
    found = suggested(shop, "SERVER018", service, max_wal_size="2048")
    assert (found.sql, found.rollback_sql) == (None, None)
    assert found.text is not None
    assert f"On {service}: " in found.text
    assert way in found.text


def test_what_only_a_restart_changes_says_so(shop: Any) -> None:
    long = shop.statement(f"select {', '.join(map(str, range(9000)))}")
    server = Server(
        version_num=180000, version="18", database="shop", user="r", settings={"track_activity_query_size": "1024"}
    )
    (found,), _ = evaluate(load_rules(), shop.analysis(long, server=server), select=["SERVER002"])
    assert found.suggestion is not None
    assert found.suggestion.sql == "ALTER SYSTEM SET track_activity_query_size = '65536'"
    assert str(found.suggestion.text).endswith("It takes a restart of the server.")


def test_a_value_that_is_not_known_is_not_made_up(shop: Any) -> None:
    rules = [rule for rule in load_rules() if rule.id == "SERVER018"]
    always = [msgspec.structs.replace(rule, suggestion=_of("SERVER014")) for rule in rules]
    server = Server(version_num=180000, version="18", database="shop", user="r", settings={
        "max_wal_size": "1024", "autovacuum_vacuum_cost_limit": "-1", "vacuum_cost_limit": "200",
    })  # fmt: skip
    for delay, sql in (("0", None), ("2", "ALTER SYSTEM SET autovacuum_vacuum_cost_limit = '2000'")):
        own = msgspec.structs.replace(server, settings={**server.settings, "autovacuum_vacuum_cost_delay": delay})
        (found,), _ = evaluate(always, shop.analysis(server=own, usage=BUSY))
        assert found.suggestion is not None
        assert (found.suggestion.sql or "").split(";")[0] == (sql or "")


def _of(rule_id: str) -> Any:
    return next(rule.suggestion for rule in load_rules() if rule.id == rule_id)


@pytest.mark.parametrize(
    ("suggestion", "message"),
    [
        ("{kind: setting, set: jit}", "a setting wants both set and to"),
        ("{kind: setting, set: jit, to: 'off', sql: 'select 1'}", "neither sql nor rollback_sql"),
        ("{kind: setting, set: 'jit = off; drop table a; --', to: 'off'}", "is no name of a setting"),
        ('{kind: setting, set: jit, to: "off\'; drop table a"}', "to wants a plain value"),
        ("{kind: setting, set: jit, to: '{table.name}'}", "to wants a plain value, or a fact that is a number"),
        ("{kind: setting, set: work_mem, to: '4', unit: megabyte}", "is no unit of a setting"),
        ("{kind: setting, set: jit, to: 'off', after: reboot}", "after 'reboot' is not restart"),
        ("{kind: setting, sett: jit, to: 'off'}", "did you mean 'set'?"),
    ],
)
def test_the_loader_names_what_is_wrong_with_a_setting(tmp_path: Path, suggestion: str, message: str) -> None:
    (tmp_path / "OWN001.yaml").write_text(RULE.replace("{suggestion}", suggestion))
    with pytest.raises(UsageError, match=r"OWN001\.yaml:9") as caught:
        load_folder(tmp_path)
    assert message in str(caught.value)
