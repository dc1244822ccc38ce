"""Link sessions, linked accounts and their refreshes. Balances, owners and transactions are not for staff."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from banking import owning, staffing
from banking.models import Account, Feature, Freshness, LinkSession, QuarantinedRow, Refresh
from fcdash.admin import StaffAdmin, StaffInline, choices, link, listed

LATEST = 20
CAUSES = ("link", "person", "schedule", "event", "staff")


@admin.register(LinkSession)
class LinkSessionAdmin(StaffAdmin):
    search_stripe_ids = {"fcsess": "stripe_id", "cus": "user__stripe_customer_id"}
    search_emails = ("user__email",)
    search_names = ("household__name", "user__name")
    list_display = ("__str__", "user", "household", "mode", "state", "created_at", "finished_at")
    list_select_related = ("user", "household")
    list_filter = ("state", ("created_at", admin.DateFieldListFilter))


class FreshnessOfAccount(StaffInline):
    model = Freshness
    verbose_name_plural = "freshness"
    fields = readonly_fields = (
        *("feature", "status", "as_of", "attempted_at", "next_allowed_at", "due_at", "leased_until"),
        *("cursor", "target", "page_after"),
    )
    ordering = ("feature",)


@admin.register(Account)
class AccountAdmin(StaffAdmin):
    verbs = staffing.OF_ACCOUNTS
    search_stripe_ids = {"fca": "stripe_id", "cus": "holder__stripe_customer_id"}
    search_emails = ("holder__email",)
    search_names = ("household__name", "holder__name", "institution")
    list_display = ("stripe_id", "institution", "last4", "holder", "household", "status", "subscribed", "read_at")
    list_select_related = ("holder", "household")
    list_filter = (
        *("status", "subscribed", ("disconnecting_since", admin.EmptyFieldListFilter)),
        ("linked_at", admin.DateFieldListFilter),
    )
    inlines = (FreshnessOfAccount,)
    fields = readonly_fields = (
        *("stripe_id", "institution", "name", "last4", "category", "subcategory", "status", "holder_link"),
        *("household_link", "permissions", "payment_method_types", "subscribed", "disconnecting_since"),
        *("inactive_since", "relink", "deactivates_at", "numbers_status", "numbers_expire_at", "owner_match"),
        *("deletes_data", "linked_at", "read_at", "latest_refreshes", "set_aside", "more"),
    )

    @admin.display(description="holder")
    def holder_link(self, account: Account) -> str:
        return link(account.holder)

    @admin.display(description="household")
    def household_link(self, account: Account) -> str:
        return link(account.household)

    @admin.display(description="owner at the bank")
    def owner_match(self, account: Account) -> str:
        words = {"same": "the holder", "differs": "somebody else than the holder", "unknown": "not known"}
        return words[owning.match(account)]

    @admin.display(description=f"latest {LATEST} refreshes")
    def latest_refreshes(self, account: Account) -> SafeString | str:
        rows = Refresh.objects.filter(household_id=account.household_id, account_id=account.pk).order_by("-pk")[:LATEST]
        columns = ("Feature", "Status", "Cause", "Started", "Receipt", "Error")
        head = format_html_join("", "<th>{}</th>", ((column,) for column in columns))
        body = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (
                    r.feature,
                    r.status,
                    r.cause,
                    f"{r.started_at:%Y-%m-%d %H:%M:%S}",
                    r.counts if r.feature == Feature.TRANSACTIONS else "",
                    r.error,
                )
                for r in rows
            ),
        )
        return format_html("<table><tr>{}</tr>{}</table>", head, body) if body else "none yet"

    @admin.display(description="rows set aside")
    def set_aside(self, account: Account) -> int:
        return QuarantinedRow.objects.filter(household_id=account.household_id, account_id=account.pk).count()

    @admin.display(description="more")
    def more(self, account: Account) -> SafeString:
        lists = (
            ("banking_refresh", "All refreshes", {"account": account.pk}),
            ("banking_quarantinedrow", "Rows set aside", {"account": account.pk}),
            ("webhooks_stripeevent", "Events of this account", {"q": account.stripe_id}),
        )
        return format_html_join(" · ", "{}", ((listed(name, words, **filters),) for name, words, filters in lists))


class OfAccountAdmin(StaffAdmin):
    """Rows below a linked account."""

    search_stripe_ids = {"fca": "account__stripe_id"}
    search_emails = ("account__holder__email",)
    search_names = ("household__name", "account__institution")
    list_select_related = ("account", "household")


@admin.register(Refresh)
class RefreshAdmin(OfAccountAdmin):
    list_display = (
        "id",
        "account",
        "household",
        "feature",
        "status",
        "cause",
        "started_at",
        "finished_at",
        "counts",
        "error",
    )
    list_filter = (
        *("status", "feature", choices("cause", "cause", lambda: CAUSES)),
        ("started_at", admin.DateFieldListFilter),
    )

    @admin.display(description="receipt")
    def counts(self, refresh: Refresh) -> str:
        return refresh.counts if refresh.feature == Feature.TRANSACTIONS else ""


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(OfAccountAdmin):
    """Why a row was set aside. The row itself is what somebody bought: it is not shown."""

    search_stripe_ids = {"fctxn": "stripe_id", "fca": "account__stripe_id"}
    list_display = ("stripe_id", "account", "household", "reason", "created_at")
    list_filter = (("created_at", admin.DateFieldListFilter),)
    fields = readonly_fields = ("household", "account", "stripe_id", "reason", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")
