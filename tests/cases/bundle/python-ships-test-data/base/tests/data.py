PRICES = {'a': 1}
