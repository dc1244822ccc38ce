"""The people of the tests: Alice owns a household, Bob is a member of it, Vera looks on; Charlie is a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import factory
import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Household, Membership, Role, User
from banking.models import Account, Balance, Transaction
from fcdash import tenancy

PASSWORD = "a-long-walk-by-the-sea"


class UserFactory(factory.django.DjangoModelFactory):
    """A person who has verified their address and whose password is PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> User:
        user = model_class.objects.create_user(kwargs.pop("email"), kwargs.pop("password", PASSWORD), **kwargs)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


class HouseholdFactory(factory.django.DjangoModelFactory):
    """A household; `members` maps users to roles."""

    class Meta:
        model = Household

    name = factory.Sequence(lambda n: f"Household {n}")
    time_zone = "America/New_York"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Household:
        members = kwargs.pop("members", {})
        with tenancy.system("a test's household"):
            household = model_class.objects.create(**kwargs)
            for user, role in members.items():
                Membership.objects.create(household=household, user=user, role=role)
        return household


class AccountFactory(factory.django.DjangoModelFactory):
    """A checking account; give household and holder, and call it inside the household's scope."""

    class Meta:
        model = Account

    stripe_id = factory.Sequence(lambda n: f"fca_test{n}")
    institution = "Cascade Credit Union"
    name = "Everyday Checking"
    last4 = "4410"
    category = "cash"
    subcategory = "checking"
    permissions = factory.LazyFunction(lambda: ["balances", "ownership", "payment_method", "transactions"])
    payment_method_types = factory.LazyFunction(lambda: ["us_bank_account"])


class BalanceFactory(factory.django.DjangoModelFactory):
    """A balance; give household and account, inside the scope."""

    class Meta:
        model = Balance

    currency = "usd"
    on = date(2026, 11, 12)
    as_of = factory.LazyAttribute(lambda o: datetime(o.on.year, o.on.month, o.on.day, 12, tzinfo=UTC))
    current_cents = 2_100_18
    available_cents = 2_013_78


class TransactionFactory(factory.django.DjangoModelFactory):
    """A posted row of money out; give household and account, inside the scope."""

    class Meta:
        model = Transaction

    stripe_id = factory.Sequence(lambda n: f"fctxn_test{n}")
    amount_cents = -12_50
    currency = "usd"
    description = "SQ *CORNER CAFE"
    status = "posted"
    booked_on = date(2026, 11, 10)
    transacted_at = factory.LazyAttribute(
        lambda o: datetime(o.booked_on.year, o.booked_on.month, o.booked_on.day, 17, tzinfo=UTC)
    )
    stripe_updated_at = factory.LazyAttribute(lambda o: o.transacted_at)
    merchant = "Corner Cafe"
    guessed_category = "eating"


@dataclass
class Cast:
    """Alice, Bob and Vera share `household`; Charlie has `strange_household`; Sam is staff with all rights."""

    @cached_property
    def alice(self) -> User:
        return UserFactory(email="alice@example.com", name="Alice Ames")

    @cached_property
    def bob(self) -> User:
        return UserFactory(email="bob@example.com", name="Bob Brown")

    @cached_property
    def vera(self) -> User:
        return UserFactory(email="vera@example.com", name="Vera Vance")

    @cached_property
    def charlie(self) -> User:
        return UserFactory(email="charlie@example.com", name="Charlie Cole")

    @cached_property
    def sam(self) -> User:
        return UserFactory(email="sam@example.com", name="Sam Stone", is_staff=True, is_superuser=True)

    @cached_property
    def household(self) -> Household:
        roles = {self.alice: Role.OWNER, self.bob: Role.MEMBER, self.vera: Role.VIEWER}
        return HouseholdFactory(name="The Ames house", members=roles)

    @cached_property
    def strange_household(self) -> Household:
        return HouseholdFactory(name="The Cole house", members={self.charlie: Role.OWNER})

    @cached_property
    def checking(self) -> Account:
        """Alice's checking account."""
        with tenancy.scope(self.household):
            return AccountFactory(household=self.household, holder=self.alice)

    def client(self, user: User | None = None) -> Client:
        """A browser in which the user is signed in."""
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.signed_in.Backend")
        return client


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast; each of them is made when a test first names them."""
    return Cast()
