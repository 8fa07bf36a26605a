"""``python -m rolecall``."""

import sys

from rolecall.cli import main

if __name__ == "__main__":
    sys.exit(main())
