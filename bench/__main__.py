"""`make bench`, or `make bench ARGS="ingest dashboard"` for some: one JSON object per line."""

from __future__ import annotations

import sys
from importlib import import_module

from bench import stage

# In this order, since what the writers have written is what small and dashboard read.
ALL = ("ingest", "writers", "small", "dashboard", "neighbour", "webhooks", "refresh", "link", "sandbox")


# Proofs that take minutes and are no figures of speed: by name alone.
ALONE = ("endurance",)


def main(names: list[str]) -> int:
    unknown = set(names) - {*ALL, *ALONE}
    if unknown:
        print(
            f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join((*ALL, *ALONE))}.",
            file=sys.stderr,
        )
        return 2
    with stage.open_stage():
        for name in names or ALL:
            import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
