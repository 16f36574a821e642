import pytest

from work import add, name, rows, total


def test_add():
    assert add(1, 2) == 3


def test_name():
    assert name(7) == "seven"
    assert name(8) == "eight"


@pytest.mark.parametrize("value", [1, 2, 3])
def test_rows(value):
    assert rows(value) == value


def test_total():
    assert total([0.1, 0.2]) == pytest.approx(0.3, abs=1e-9)


def test_empty():
    assert total([]) == 0
    assert rows(0) == 0
