"""Figures as they are shown."""

import pytest

from pgtune_cli.compare.measure import figure, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123456, "0.0123"),
        (1.5, "1.5"),
        (12, "12"),
        (123.4, "123"),
        (98765, "98,800"),
        (0.000012, "0.00001"),
    ],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert figure(value) == text


def test_significant_digits() -> None:
    assert [significant(value, 3) for value in (0, 123456, 0.00123456, 9.999)] == [0.0, 123000, 0.00123, 10.0]
