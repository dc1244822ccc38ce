"""A process of its own that reads an account's rows, to be killed where its environment says.

python -m tests.banking.crash HOUSEHOLD ACCOUNT BATCH_ROWS
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fcdash.settings")
    import django

    django.setup()
    from banking import ingesting, refreshing

    household, account, ingesting.BATCH_ROWS = map(int, sys.argv[1:])
    refreshing.read_transactions(household, account)


if __name__ == "__main__":
    main()
