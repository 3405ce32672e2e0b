"""Literals that were seen are laid beside the parameters of the text without them."""

import pytest

from pgtune_cli.explain.sample_values import sample_values


@pytest.mark.parametrize(
    ("text", "sample", "values"),
    [
        ("select * from t where a = $1 and b = $2", "SELECT * FROM t WHERE a = 5 AND b = 'it''s'", ("5", "it's")),
        ("select a from t where b > $1", "select a from t where b > -1.5;", ("-1.5",)),
        ("select a from t where b = $1 limit $2", "select a /* x */ from t where b = $$q$$ limit 10", ("q", "10")),
        ("select a from t where b in ($1 /*, ... */)", "select a from t where b in (1, 2, 3)", ("1",)),
        ("select a from t where b = $1 and c = $2", "select a from t where b = true and c = NULL", ("true", None)),
        ("select a from t where b = $1", "select a from u where b = 1", None),
        ("select a from t where b = $1", "select a from t where b = f(1)", None),
        ("select a from t where b = $1", "select a from t where b = E'a\\nb'", None),
        ("select a from t where b = $1", "select a from t where b = 'cut", None),
        ("select a from t where b = $1", "select a from t where b = 1 and c = 2", None),
        ("select a from t where b = $2", "select a from t where b = 1", None),
    ],
)
def test_values_of_a_sample(text: str, sample: str, values: tuple[str | None, ...] | None) -> None:
    assert sample_values(text, sample, text.count("$")) == values
