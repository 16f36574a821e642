from tests.data import PRICES

__all__ = ['PRICES']
