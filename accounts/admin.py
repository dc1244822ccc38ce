"""Users, households, mail, and the record of what staff looked at and asked for."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import staffing
from accounts.models import Household, Mail, Membership, StaffAccess, StaffAction, StaffLook, User
from fcdash.admin import StaffAdmin, StaffInline, choices, link, listed
from fcdash.staffing import VERBS


class MembershipOfUser(StaffInline):
    model = Membership
    fields = readonly_fields = ("household_link", "role", "created_at")
    verbose_name_plural = "households"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("household")

    @admin.display(description="household")
    def household_link(self, row: Membership) -> str:
        return link(row.household)


class MembershipOfHousehold(StaffInline):
    model = Membership
    fields = readonly_fields = ("user_link", "role", "created_at")
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")

    @admin.display(description="user")
    def user_link(self, row: Membership) -> str:
        return link(row.user)


@admin.register(User)
class UserAdmin(StaffAdmin):
    """People who sign in. Superusers choose who is staff; everything else changes by verbs."""

    search_stripe_ids = {"cus": "stripe_customer_id"}
    search_emails = ("email",)
    search_names = ("name",)
    verbs = staffing.OF_USERS
    list_display = ("email", "name", "stripe_customer_id", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = (
        *("is_active", "is_staff", ("stripe_customer_id", admin.EmptyFieldListFilter)),
        ("date_joined", admin.DateFieldListFilter),
    )
    inlines = (MembershipOfUser,)
    filter_horizontal = ("groups",)
    facts = ("email", "name", "stripe_customer_id", "customer_error", "is_active", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": facts}),
        ("Sign-in", {"fields": ("addresses", "second_factors", "sessions")}),
        ("Staff", {"fields": ("is_staff", "is_superuser", "groups"), "classes": ("collapse",)}),
    )
    readonly_fields = (*facts, "addresses", "second_factors", "sessions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who is staff is for superusers alone: otherwise staff could raise themselves."""
        return bool(request.user.is_superuser)

    @admin.display(description="addresses")
    def addresses(self, user: User) -> SafeString | str:
        rows = EmailAddress.objects.filter(user=user).order_by("pk")
        return format_html_join(", ", "{} ({})", ((a.email, "verified" if a.verified else "unverified") for a in rows))

    @admin.display(description="second factors")
    def second_factors(self, user: User) -> str:
        kinds = Authenticator.objects.filter(user=user).order_by("pk").values_list("type", flat=True)
        return ", ".join(str(Authenticator.Type(kind).label) for kind in kinds) or "none"

    @admin.display(description="open sessions")
    def sessions(self, user: User) -> int:
        return int(UserSession.objects.filter(user=user).count())


@admin.register(Household)
class HouseholdAdmin(StaffAdmin):
    search_emails = ("name",)  # stands for the members' addresses: see matching
    search_names = ("name",)
    list_display = ("name", "time_zone", "currency", "created_at")
    list_filter = (("created_at", admin.DateFieldListFilter),)
    inlines = (MembershipOfHousehold,)
    fields = readonly_fields = ("name", "time_zone", "currency", "created_at", "everything")

    def matching(self, term: str) -> Q:
        """By a member's address, or by its own name."""
        if "@" in term:
            of = Membership.objects.filter(user__email__startswith=term.lower()).values("household_id")
            return Q(pk__in=of)
        return Q(name__icontains=term)

    @admin.display(description="its rows")
    def everything(self, household: Household) -> SafeString:
        lists = (
            ("banking_account", "Linked accounts"),
            ("banking_linksession", "Link sessions"),
            ("payments_bill", "Bills"),
            ("payments_mandate", "Mandates"),
            ("payments_payment", "Payments"),
            ("accounts_stafflook", "What staff looked at"),
        )
        return format_html_join(
            " · ",
            "{}",
            (
                (
                    listed(
                        name, words, **{"household_id" if name == "accounts_stafflook" else "household": household.pk}
                    ),
                )
                for name, words in lists
            ),
        )


@admin.register(Mail)
class MailAdmin(StaffAdmin):
    """Mail that waits, was sent or failed. Its words are not shown: they may hold a sign-in code."""

    search_emails = ("to",)
    search_names = ("kind",)
    verbs = staffing.OF_MAIL
    list_display = ("to", "kind", "state", "attempts", "created_at", "sent_at", "last_error")
    list_filter = ("state", ("created_at", admin.DateFieldListFilter))
    fields = readonly_fields = (
        *("to", "kind", "state", "attempts", "next_attempt_at", "last_error", "created_at", "sent_at"),
    )


class StaffRecordAdmin(StaffAdmin):
    """The staff's own record: whoever is staff may read it."""

    list_needs_reason = page_needs_reason = False
    search_emails = ("staff__email",)
    search_names: tuple[str, ...] = ("reason",)


@admin.register(StaffAccess)
class StaffAccessAdmin(StaffRecordAdmin):
    list_display = ("staff", "reason", "created_at", "ends_at")
    list_select_related = ("staff",)
    list_filter = (("created_at", admin.DateFieldListFilter),)


@admin.register(StaffLook)
class StaffLookAdmin(StaffRecordAdmin):
    search_emails = ("access__staff__email",)
    search_names = ("access__reason", "path")
    list_display = ("at", "who", "path", "household_id", "access")
    list_select_related = ("access__staff",)
    list_filter = (("at", admin.DateFieldListFilter),)

    @admin.display(description="staff")
    def who(self, look: StaffLook) -> str:
        return look.access.staff.email


@admin.register(StaffAction)
class StaffActionAdmin(StaffRecordAdmin):
    list_display = ("action", "target", "object_id", "household_id", "staff", "created_at", "finished_at", "outcome")
    list_select_related = ("staff",)
    list_filter = (
        *(choices("action", "action", lambda: VERBS), ("finished_at", admin.EmptyFieldListFilter)),
        ("created_at", admin.DateFieldListFilter),
    )
