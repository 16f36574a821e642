"""Run gatepost as ``python -I -m gatepost``."""

import sys

from gatepost.cli import main

if __name__ == "__main__":
    sys.exit(main())
