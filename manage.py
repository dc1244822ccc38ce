#!/usr/bin/env python
"""Django's command line, with the environment of development filled in where local/ is present."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the management command that the command line names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fcdash.settings")
    try:
        from local import Problem, environment
    except ModuleNotFoundError as missing:
        # Production images carry neither local/ nor what it imports: there the environment must be complete.
        if missing.name not in {"local", "psutil"}:
            raise
    else:
        try:
            environment.fill(sys.argv[1:])
        except Problem as problem:
            sys.exit(str(problem))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
