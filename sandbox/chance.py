"""Chance that a seed repeats: the n-th draw of a stream follows from the seed, the stream's name and n alone."""

from __future__ import annotations

import secrets
from random import Random

from sandbox.store import store

# A stream a kind of thing, so that requests and events which overtake each other keep their fates.
_SETTING = "chance"


def set_seed(seed: int | None) -> None:
    """Begins every stream anew; without a seed one is chosen, so that a run can be replayed after all."""
    store.set_setting(_SETTING, {"seed": secrets.randbits(32) if seed is None else seed, "drawn": {}})


def seed() -> int | None:
    """What the draws follow from; None before the first."""
    state = store.setting(_SETTING)
    return int(state["seed"]) if state else None


def draw(stream: str) -> Random:
    """The stream's next source of chance. What is rolled back gives its draw back; a killed sandbox goes on."""
    if seed() is None:
        set_seed(None)
    state = store.setting(_SETTING)
    number = state["drawn"].get(stream, 0)
    state["drawn"][stream] = number + 1
    store.set_setting(_SETTING, state)
    return Random(f"{state['seed']}/{stream}/{number}")
