"""`python -m local`: the whole application on this machine."""

from __future__ import annotations

import sys

from local.runner import main

if __name__ == "__main__":
    sys.exit(main())
