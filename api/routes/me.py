"""Who the caller is."""

from __future__ import annotations

from ninja import Router, Schema

from api.callers import ApiRequest

router = Router()


class User(Schema):
    id: str
    email: str
    name: str


class Household(Schema):
    id: str
    name: str
    role: str


class Me(Schema):
    user: User
    households: list[Household]
    stripe_customer: str | None


@router.get("/me", response=Me, summary="The caller and their households")
def me(request: ApiRequest) -> Me:
    """`stripe_customer` is null until Stripe has made the Customer, in the background after sign-up."""
    user = request.user
    return Me(
        user=User(id=str(user.pk), email=user.email, name=user.name),
        households=[Household(id=str(p.household_id), name=p.name, role=p.role) for p in request.places],
        stripe_customer=user.stripe_customer_id,
    )
