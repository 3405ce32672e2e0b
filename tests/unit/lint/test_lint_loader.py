"""Loading rules: a good one is read whole, and every mistake in a bad one is named with its line."""

import re
from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.loader import load_folder, load_rules
from pgtune_cli.lint.rule import Merge
from pgtune_cli.lint.yaml_file import YamlMistake, read_shipped_yaml, read_yaml
from pgtune_cli.model.finding import Confidence, Severity
from pgtune_cli.resources import rules_root

GOOD = """\
id: SHOP001
name: huge-table
severity: warning
confidence: high
for: table
params: {min_rows: 1000000}
when: table.rows >= params.min_rows
message: "{table.name} has {table.rows:,} rows."
why: The shop keeps no table of more than a million rows.
suggestion: Partition it.
references: [https://example.com/tables]
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
    return tmp_path


def mistakes(tmp_path: Path, old: str = "", new: str = "", *, name: str = "SHOP001") -> list[str]:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        load_folder(folder(tmp_path, **{name: GOOD.replace(old, new) if old else GOOD + new}))
    return str(caught.value).replace(str(tmp_path) + "/", "").splitlines()


def test_a_rule_of_twelve_lines_is_read_whole(tmp_path: Path) -> None:
    (rule,) = load_folder(folder(tmp_path, SHOP001=GOOD))
    assert (rule.id, rule.name, rule.area, rule.subject) == ("SHOP001", "huge-table", "SHOP", "table")
    assert (rule.severity, rule.confidence) == (Severity.WARNING, Confidence.HIGH)
    assert (rule.params, rule.needs, rule.evidence, rule.merge) == (
        {"min_rows": 1_000_000.0}, ("statistics",), "catalog", Merge.RELATION,
    )  # fmt: skip
    assert rule.suggestion is not None
    assert rule.suggestion.kind == "application"
    assert rule.source == str(tmp_path / "SHOP001.yaml")


def test_users_rules_come_beside_the_built_in_ones(tmp_path: Path) -> None:
    built_in = load_rules()
    both = load_rules((folder(tmp_path, SHOP001=GOOD),))
    assert {rule.id for rule in both} - {rule.id for rule in built_in} == {"SHOP001"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "whens: x\n", "12: unknown key 'whens' (did you mean 'when'?)"),
        ("why: The shop keeps no table of more than a million rows.\n", "", "1: the key 'why' is missing"),
        ("table.rows >=", "table.row >=", "7: table has no fact 'row' (did you mean 'rows'?) (character 7 of when)"),
        ("params.min_rows", "params.min_row", "7: params has no 'min_row' (did you mean 'min_rows'?)"),
        ("table.rows >= params.min_rows", "table.rows", "7: yields a number, not a bool"),
        ("{min_rows: 1000000}", "{min_rows: 1, max_rows: 2}", "6: the parameter 'max_rows' is not used"),
        ("{min_rows: 1000000}", "{min_rows: {a: 1}}", "6: the parameter 'min_rows' is no number, bool, text, or list"),
        ("id: SHOP001", "id: SHOP002", "1: the id SHOP002 differs from the file name SHOP001"),
        ("id: SHOP001", "id: shop1", "1: id wants an area in capitals and three digits, such as SHOP001; 'shop1' is"),
        ("huge-table", "Huge", "2: name wants kebab-case, naming the bad thing; 'Huge' is not"),
        ("severity: warning", "severity: warn", "3: severity is 'warn', not one of info, warning, error (did you mean"),
        ("for: table", "for: tables", "5: for is 'tables', not one of plan_node, "),
        ("{table.name} has", "{table.nam} has", "8: table has no fact 'nam' (did you mean 'name'?)"),
        ("suggestion: Partition it.", "suggestion: {kind: sql, text: x}", "10: kind is 'sql', not one of index, "),
        ("suggestion: Partition it.", "suggestion: {sql: 'ANALYZE {table.name}'}", "10: {table.name} is not quoted"),
        ("[https://example.com/tables]", "[javascript:alert(1)]", "11: 'javascript:alert(1)' is no web address"),
        ("", "min_version: 17\nmax_version: 15\n", "13: no server is at least 17 and at most 15"),
        ("", "min_version: 9\n", "12: min_version 9 is no major version from 13 to 30"),
        ("", "needs: [analyse]\n", "12: need 'analyse' is not one of "),
        ("", "rank: name\n", "12: rank 'name' is no numeric fact of table"),
        ("", "id: SHOP001\n", "12: the key 'id' stands here a second time"),
        ("table.rows >= params.min_rows", "params.min_rows > 1", "7: the condition uses no fact"),
        ("table.rows >= params.min_rows", "0 / 0 > table.rows / params.min_rows", "7: the condition could not be"),
        ("severity: warning", "severity: [", "5: not YAML: "),
        ("severity: warning", "severity: !!python/object/apply:os.system ['true']", "3: not YAML: could not determine"),
        ("params: {min_rows: 1000000}", "params: &a {min_rows: 1}\nneeds: *a", "7: aliases are not allowed"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_near_miss(tmp_path: Path, old: str, new: str, expected: str) -> None:
    found = mistakes(tmp_path, old, new)
    assert [line for line in found if line.startswith(f"SHOP001.yaml:{expected}")], found


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("severity: warning", "severity: bad").replace("confidence: high", "confidence: sure")
    found = [line.split(" is ")[0] for line in mistakes(tmp_path, GOOD, bad)]
    assert found == ["SHOP001.yaml:3: severity", "SHOP001.yaml:4: confidence"]


def test_an_id_is_never_taken_over_silently(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the id PLAN001 is taken by rules/plan/PLAN001\.yaml"):
        load_rules((folder(tmp_path, PLAN001=GOOD.replace("SHOP001", "PLAN001")),))


def test_the_rules_that_are_shipped_are_read_as_any_other() -> None:
    files = [path.read_bytes() for path in sorted(Path(str(rules_root())).rglob("*.yaml"))]
    assert len(files) > 100
    assert [read_shipped_yaml(content) for content in files] == [read_yaml(content) for content in files]
    for content in (b"a: *b", b"a: [", b"- a", b"a: 1\na: 2"):
        with pytest.raises(YamlMistake) as fast:
            read_shipped_yaml(content)
        with pytest.raises(YamlMistake, match=re.escape(str(fast.value))):
            read_yaml(content)


def test_a_folder_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rules folder"):
        load_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"x" * 300_000, "larger than 256 kB"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"- a\n- b\n", "not a mapping of keys to values"),
        (b"", "not a mapping of keys to values"),
        (b"1: x\n", "the key 1 is not a text"),
        (b"a: " + b"9" * 5000, "not YAML: "),
    ],
)
def test_a_hostile_file_ends_in_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "SHOP001.yaml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_folder(tmp_path)
    assert [expected in line for line in str(caught.value).splitlines()] == [True]


def test_case_files_and_hidden_folders_are_no_rules(tmp_path: Path) -> None:
    folder(tmp_path, SHOP001=GOOD)
    (tmp_path / "SHOP001.cases.yaml").write_text("x: 1", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "BAD001.yaml").write_text("x: 1", encoding="utf-8")
    assert [rule.id for rule in load_folder(tmp_path)] == ["SHOP001"]
