"""pgtune.yaml: what it says, and how each mistake in it is named."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from pgtune_cli.errors import UsageError
from pgtune_cli.model.check_policy import PlanPolicy, RelativePolicy
from pgtune_cli.model.finding import Severity
from pgtune_cli.settings import (
    Bytes,
    Dsn,
    Execute,
    Milliseconds,
    ObjectiveSettings,
    RuleSettings,
    Settings,
    StatementOverride,
    Suppression,
    config_schema,
    example,
    find_settings,
    load_settings,
    parse_duration_ms,
    parse_size_bytes,
)


def load(folder: Path, text: str, profile: str | None = None, env: Mapping[str, str] | None = None) -> Settings:
    path = folder / "pgtune.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, profile, env or {})


def error(folder: Path, text: str, profile: str | None = None) -> tuple[str, str | None]:
    """Message, with the folder cut off, and hint."""
    with pytest.raises(UsageError) as caught:
        load(folder, text, profile)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/"), caught.value.hint


@pytest.mark.parametrize(
    ("text", "ms"),
    [(100, 100.0), (2.5, 2.5), ("100", 100.0), ("100ms", 100.0), ("1.5s", 1500.0), (" 2 MIN ", 120_000.0),
     ("50us", 0.05), (0, 0.0), (".5s", 500.0)],
)  # fmt: skip
def test_durations_read_as_milliseconds(text: str | float, ms: float) -> None:
    assert parse_duration_ms(text) == pytest.approx(ms)


@pytest.mark.parametrize(
    "text", ["", "fast", "-1s", "1 week", "1e3", "nan", -1, float("nan"), float("inf"), True, "1s 2s"]
)
def test_what_is_no_duration_is_refused(text: str | float) -> None:
    with pytest.raises(UsageError, match="is no duration"):
        parse_duration_ms(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (4096, 4096),
        ("2GB", 2 << 30),
        ("512 mb", 512 << 20),
        ("1.5g", 3 << 29),
        ("8kB", 8192),
        ("1GiB", 1 << 30),
        ("7", 7),
    ],
)
def test_sizes_read_as_bytes(text: str | int, size: int) -> None:
    assert parse_size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "big", "-2GB", "2XB", 1.5, -1, True])
def test_what_is_no_size_is_refused(text: str | float) -> None:
    with pytest.raises(UsageError, match="is no size"):
        parse_size_bytes(text)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert load_settings(None, None, {}, start=tmp_path) == Settings()


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, example()) == Settings()


def test_the_example_names_every_key() -> None:
    schema = json.loads(config_schema())
    assert set(yaml.safe_load(example())) == set(schema["$defs"]["Settings"]["properties"])


def test_the_commented_parts_of_the_example_load_too(tmp_path: Path) -> None:
    blocks = re.findall(r"(?m)^# (?:statements|rules|dsn|profiles):.*\n(?:#   .*\n)*", example())
    text = "".join(blocks).replace("# ", "")
    settings = load(tmp_path, text)
    assert settings.statements == (
        StatementOverride(
            match="from monthly_report", slow_query_threshold_ms=Milliseconds(5000), reason="runs once a night"
        ),
        StatementOverride(
            match="from audit_log",
            relative=RelativePolicy(rows=False, blocks=3.0),
            plan=PlanPolicy(seq_scan_above=None),
        ),
        StatementOverride(fingerprint="0123456789abcdef", ignore=True),
    )
    assert settings.rules.severity == {"PLAN003": Severity.INFO}
    assert settings.profiles["staging"]["slow_query_threshold"] == "250ms"


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
slow_query_threshold: 1.5s
min_calls: 3
statements:
  - {match: "/from orders$/", slow_query_threshold: 2s, min_calls: 2, reason: big}
  - {fingerprint: abcd, ignore: true}
execute: never
max_time: 500
top: 7
order_by: io
schemas: [app]
exclude: [audit]
budget: 2GB
objectives: {fast: 50ms, fast_share: 0.99, cache_hit_ratio: 0.98, calls_per_second: 500}
rules_paths: [mine]
rules: {select: [PLAN], ignore: [PLAN001], params: {PLAN003: {min_q_error: 5}}, severity: {PLAN003: info}}
suppress: [{rule: PLAN001, relation: app.log, reason: nightly, author: Ada, expires: 2027-06-30}]
dsn: service=shop
""",
    )
    assert settings == Settings(
        slow_query_threshold_ms=Milliseconds(1500),
        min_calls=3,
        statements=(
            StatementOverride(
                match="/from orders$/", slow_query_threshold_ms=Milliseconds(2000), min_calls=2, reason="big"
            ),
            StatementOverride(fingerprint="abcd", ignore=True),
        ),
        execute=Execute.NEVER,
        max_time_ms=Milliseconds(500),
        top=7,
        order_by="io",  # type: ignore[arg-type]
        schemas=("app",),
        exclude=("audit",),
        budget_bytes=Bytes(2 << 30),
        rules=RuleSettings(
            select=("PLAN",),
            ignore=("PLAN001",),
            params={"PLAN003": {"min_q_error": 5}},
            severity={"PLAN003": Severity.INFO},
        ),
        objectives=ObjectiveSettings(
            fast_ms=Milliseconds(50), fast_share=0.99, cache_hit_ratio=0.98, calls_per_second=500.0
        ),
        rules_paths=(tmp_path / "mine",),
        suppress=(
            Suppression(rule="PLAN001", relation="app.log", reason="nightly", author="Ada", expires=date(2027, 6, 30)),
        ),
        dsn=Dsn("service=shop"),
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("min_calls: 2\nslow_query_treshold: 1s\n", "pgtune.yaml:2: unknown key 'slow_query_treshold'",
         "did you mean 'slow_query_threshold'?"),
        ("rules:\n  selekt: []\n", "pgtune.yaml:2: unknown key 'selekt'", "did you mean 'select'?"),
        ("statements:\n  - match: a\n  - match: b\n    ingore: true\n", "pgtune.yaml:4: unknown key 'ingore'",
         "did you mean 'ignore'?"),
        ("rules: {zzz: 1}\n", "pgtune.yaml:1: unknown key 'zzz'",
         "the keys are: select, ignore, params, severity"),
        ("suppress:\n  - {reason: old, author: Ada}\n",
         "pgtune.yaml:2: suppress.0: a suppression needs 'rule', 'relation' or 'statement'", None),
        ("suppress:\n  - {rule: PLAN001, reason: ' ', author: Ada}\n",
         "pgtune.yaml:2: suppress.0: a suppression needs a reason and an author", None),
        ("top: many\n", "pgtune.yaml:1: top: Expected int, got str", None),
        ("\ntop: 0\n", "pgtune.yaml:2: top: Expected int >= 1", None),
        ("budget: lots\n", "pgtune.yaml:1: budget: 'lots' is no size; write it like 500MB or 2GB", None),
        ("max_time: [1]\n", "pgtune.yaml:1: max_time: [1] is no duration; write it like 100ms, 1.5s or 2min", None),
        ("execute: sometimes\n", "pgtune.yaml:1: execute: unknown value sometimes", "one of auto, never"),
        ("profiles:\n  ci: {order_by: toatl}\n", "pgtune.yaml:2: profiles.ci.order_by: unknown value toatl",
         "did you mean total? one of total, mean, calls, io, rows"),
        ("rules:\n  severity: {PLAN003: warn}\n", "pgtune.yaml:2: rules.severity: unknown value warn",
         "did you mean warning? one of info, warning, error"),
        ("statements:\n  - match: a\n  - ignore: true\n",
         "pgtune.yaml:3: statements.1: a statement override needs either 'fingerprint' or 'match'", None),
        ("statements:\n  - match: /(/\n",
         "pgtune.yaml:2: statements.0: 'match' is not a regular expression: missing ), "
         "unterminated subpattern at position 0", None),
        ("statements:\n  - match: ''\n",
         "pgtune.yaml:2: statements.0: 'match' is empty and would match every statement", None),
        ("profiles:\n  ci:\n    top: x\n", "pgtune.yaml:3: profiles.ci.top: Expected int, got str", None),
        ("profiles:\n  ci:\n    tpo: 1\n", "pgtune.yaml:3: unknown key 'tpo'", "did you mean 'top'?"),
        ("profiles:\n  ci:\n    profiles: {}\n", "pgtune.yaml:3: profile 'ci' cannot hold profiles", None),
        ("- a\n", "pgtune.yaml:1: Expected a mapping, got a list", None),
        ("just words\n", "pgtune.yaml:1: Expected a mapping, got str", None),
        ("top: 1\ntop: 2\n", "pgtune.yaml:2: 'top' is there twice", None),
        ("? [a, b]\n: 1\n", "pgtune.yaml:1: a key must be a word", None),
        ("top: 1\nrules: [unclosed\n", "pgtune.yaml:3:1: expected ',' or ']', but got '<stream end>'", None),
        ("a: b: c\n", "pgtune.yaml:1:5: mapping values are not allowed here", None),
        ("top: !!python/object/apply:os.system ['x']\n", "pgtune.yaml:1: top: Expected int, got a list", None),
        ("dsn: !!python/name:os.system x\n", "pgtune.yaml:1: could not determine a constructor for the tag "
         "'tag:yaml.org,2002:python/name:os.system'", None),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, message: str, hint: str | None) -> None:
    assert error(tmp_path, text) == (message, hint)


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://me:hunter2@db/shop", "postgresql+asyncpg://me:hunter2@db/shop", "host=db password=hunter2",
     "host=db password = 'hun ter2'", "postgresql://me@db/shop?password=hunter2", "postgresql://me:x${A}hunter2@db/shop"],
)  # fmt: skip
def test_a_spelled_out_password_is_refused_and_not_repeated(tmp_path: Path, dsn: str) -> None:
    message, hint = error(tmp_path, f'top: 3\ndsn: "{dsn}"\n')
    assert message == "pgtune.yaml:2: dsn: passwords do not belong in this file"
    assert hint == "use ~/.pgpass, or ${PGPASSWORD} in place of the password"


def test_a_password_in_a_profile_that_is_not_chosen_is_refused(tmp_path: Path) -> None:
    message, _ = error(tmp_path, "profiles:\n  live:\n    dsn: postgresql://me:hunter2@db/shop\n")
    assert message == "pgtune.yaml:3: dsn: passwords do not belong in this file"


@pytest.mark.parametrize(
    ("dsn", "expanded"),
    [
        ("postgresql://me:${PW}@${HOST}/shop", "postgresql://me:a%40b%2F%27c%20d@db:5433/shop"),
        ("host=${HOST} password=${PW}", "host='db:5433' password='a@b/\\'c d'"),
        ("${URL}", "postgresql://me@db/shop"),
        ("postgresql:///shop?user=me", "postgresql:///shop?user=me"),
    ],
)
def test_variables_of_a_dsn_are_quoted_for_their_place(tmp_path: Path, dsn: str, expanded: str) -> None:
    env = {"PW": "a@b/'c d", "HOST": "db:5433", "URL": "postgresql://me@db/shop"}
    assert load(tmp_path, f'dsn: "{dsn}"\n', env=env).dsn == expanded


def test_a_dsn_does_not_show_in_a_repr(tmp_path: Path) -> None:
    settings = load(tmp_path, "dsn: postgresql://me:${PW}@db/shop\n", env={"PW": "hunter2"})
    assert "hunter2" not in repr(settings)


def test_an_unset_variable_is_named(tmp_path: Path) -> None:
    assert error(tmp_path, "top: 1\ndsn: postgresql://me:${NO_SUCH}@db/shop\n") == (
        "pgtune.yaml:2: dsn: the environment variable NO_SUCH is not set",
        None,
    )


def test_a_profile_takes_the_place_of_the_top_level(tmp_path: Path) -> None:
    text = "top: 5\nbudget: 1GB\nprofiles:\n  ci:\n    top: 9\n    dsn: postgresql:///ci\n"
    settings = load(tmp_path, text, "ci")
    assert (settings.top, settings.budget_bytes, settings.dsn) == (9, 1 << 30, "postgresql:///ci")
    assert load(tmp_path, text).top == 5


def test_an_unknown_profile_names_those_there_are(tmp_path: Path) -> None:
    assert error(tmp_path, "profiles:\n  ci: {}\n  live: {}\n", "staging") == (
        "pgtune.yaml: there is no profile 'staging'",
        "it has: ci, live",
    )


def test_a_profile_without_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match=r"there is no pgtune\.yaml"):
        load_settings(None, "ci", {}, start=tmp_path)


def test_the_nearest_file_wins_and_git_is_the_border(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "sub" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "pgtune.yaml").write_text("top: 1")
    assert find_settings(inner) == tmp_path / "pgtune.yaml"
    (tmp_path / "repo" / ".git").mkdir()
    assert find_settings(inner) is None
    (tmp_path / "repo" / ".pgtune.yaml").write_text("top: 2")
    assert find_settings(inner) == tmp_path / "repo" / ".pgtune.yaml"


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^cannot read .*none.yaml: No such file or directory$"):
        load_settings(tmp_path / "none.yaml", None, {})


def test_a_folder_in_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^cannot read .*: Is a directory$"):
        load_settings(tmp_path, None, {})


def test_an_empty_file_holds_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing yet\n") == Settings()


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "pgtune.yaml"
    path.write_bytes(b"top: \xff\n")
    with pytest.raises(UsageError, match="not UTF-8 at byte 5"):
        load_settings(path, None, {})


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    message, _ = error(tmp_path, "# " + "x" * 300_000)
    assert message == "pgtune.yaml: larger than 256 kB"


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 9)]
    message, _ = error(tmp_path, "\n".join(lines))
    assert message.endswith("too many or too deeply nested values")


def test_an_alias_of_itself_is_refused(tmp_path: Path) -> None:
    message, _ = error(tmp_path, "rules: &r\n  select: [*r]\n")
    assert message.endswith("too many or too deeply nested values")


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    message, _ = error(tmp_path, "top: " + "[" * 20_000)
    assert message == "pgtune.yaml: nested too deeply"


def test_the_schema_takes_the_example_and_refuses_a_wrong_key() -> None:
    schema = json.loads(config_schema())
    jsonschema.validate(yaml.safe_load(example()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"tpo": 1}, schema)
