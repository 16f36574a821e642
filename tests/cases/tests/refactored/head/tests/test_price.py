import pytest

from shop import price


class TestPrice:
    @pytest.mark.parametrize("items", [0])
    def test_free(self, items):
        assert 0 == price(items=items), "nothing costs nothing"

    def test_discount(self):
        self.costs(27, price(items=3, discount="10%"))

    def costs(self, expected, total):
        assert total == expected
