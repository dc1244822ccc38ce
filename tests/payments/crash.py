"""A process of its own that does one step of paying, to be killed at the failpoint that its environment names.

python -m tests.payments.crash advance HOUSEHOLD PAYMENT
python -m tests.payments.crash cancel USER PAYMENT
python -m tests.payments.crash claim USER BILL ACCOUNT MANDATE
"""

from __future__ import annotations

import sys

import django


def main(verb: str, *numbers: int) -> None:
    django.setup()

    from accounts.households import place_of
    from accounts.models import User
    from payments import paying

    if verb == "advance":
        paying.advance(*numbers)
        return
    user = User.objects.get(pk=numbers[0])
    place = place_of(user)
    assert place is not None
    if verb == "cancel":
        paying.cancel(place, numbers[1])
    elif verb == "claim":
        paying.claim(place, user, *numbers[1:])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
