from shop import price


def test_discount():
    total = price(items=3, discount="10%")
    assert total == 27


def test_free():
    assert price(items=0) == 0


def test_voucher():
    assert redeem_voucher("X1") == 5
