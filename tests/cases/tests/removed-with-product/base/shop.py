def price(items, discount=None):
    return 9 * items


def redeem_voucher(code):
    return 5
