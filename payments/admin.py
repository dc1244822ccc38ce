"""Billers, which staff keep, and bills, permissions and payments, which staff look at. Staff cannot move money."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from fcdash.admin import StaffAdmin, StaffInline, link, listed
from fcdash.money import formatted
from payments import staffing
from payments.models import Bill, Biller, BillPeriod, Mandate, Payment, PaymentEvent
from webhooks.models import StripeEvent


@admin.register(Biller)
class BillerAdmin(StaffAdmin):
    """The directory. A biller is offered to households once it is approved; whoever it pays, changed, unapproves it."""

    list_needs_reason = page_needs_reason = False
    verbs = staffing.OF_BILLERS
    search_stripe_ids = {"acct": "stripe_account"}
    search_names = ("name", "receives")
    list_display = ("name", "receives", "stripe_account", "statement_descriptor", "approved_at", "approved_by")
    list_select_related = ("approved_by",)
    list_filter = (("approved_at", admin.EmptyFieldListFilter),)
    ordering = ("name",)
    fields = (
        *("name", "receives", "description", "category", "stripe_account", "statement_descriptor"),
        *("approved_at", "approved_by"),
    )
    readonly_fields = ("approved_at", "approved_by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def save_model(self, request: HttpRequest, obj: Biller, form: ModelForm[Biller], change: bool) -> None:
        """Where money goes is approved anew after each change of it."""
        if not change:
            return super().save_model(request, obj, form, change)
        changed = list(form.changed_data)
        if {"receives", "stripe_account"} & set(changed):
            if obj.approved_at:
                messages.warning(request, "Who receives the money has changed: hidden until it is approved again.")
            obj.approved_at = obj.approved_by = None
            changed += ["approved_at", "approved_by"]
        # Only what was changed here: an approval that was withdrawn meanwhile stays withdrawn.
        obj.save(update_fields=changed)


class PeriodOfBill(StaffInline):
    model = BillPeriod
    fields = readonly_fields = ("due_on", "amount", "state")
    ordering = ("-due_on",)

    @admin.display(description="amount")
    def amount(self, period: BillPeriod) -> str:
        return formatted(period.amount_cents, period.currency)


@admin.register(Bill)
class BillAdmin(StaffAdmin):
    search_emails = ("created_by__email",)
    search_names = ("biller__name", "household__name", "reference")
    list_display = ("id", "biller", "household", "amount", "frequency", "first_due_on", "created_by", "ended_at")
    list_select_related = ("biller", "household", "created_by")
    list_filter = (
        *("frequency", ("ended_at", admin.EmptyFieldListFilter)),
        ("created_at", admin.DateFieldListFilter),
    )
    inlines = (PeriodOfBill,)
    fields = readonly_fields = (
        *("biller", "household_link", "created_by", "reference", "amount", "frequency", "first_due_on", "created_at"),
        *("ended_at", "payments"),
    )

    @admin.display(description="amount")
    def amount(self, bill: Bill) -> str:
        return formatted(bill.amount_cents, bill.currency)

    @admin.display(description="household")
    def household_link(self, bill: Bill) -> str:
        return link(bill.household)

    @admin.display(description="payments")
    def payments(self, bill: Bill) -> SafeString:
        return listed("payments_payment", "Payments of this bill", bill=bill.pk)


@admin.register(Mandate)
class MandateAdmin(StaffAdmin):
    """A permission to debit: the exact words, and the proof that they were accepted."""

    verbs = staffing.OF_MANDATES
    search_stripe_ids = {
        "mandate": "stripe_id",
        "seti": "stripe_setup_intent_id",
        "pm": "stripe_payment_method_id",
        "cus": "user__stripe_customer_id",
    }
    search_emails = ("user__email",)
    search_names = ("holder_name", "household__name")
    list_display = ("__str__", "stripe_id", "user", "household", "account", "status", "accepted_at", "revoked_at")
    list_select_related = ("user", "household", "account")
    list_filter = ("status", ("accepted_at", admin.DateFieldListFilter))
    fields = readonly_fields = (
        *("user_link", "household_link", "account_link", "status", "stripe_id", "stripe_setup_intent_id"),
        *("stripe_payment_method_id", "holder_name", "terms_version", "words", "accepted_at", "ip_address"),
        *("user_agent", "revoked_at", "failure_reason", "checked_at", "payments"),
    )

    @admin.display(description="user")
    def user_link(self, mandate: Mandate) -> str:
        return link(mandate.user)

    @admin.display(description="household")
    def household_link(self, mandate: Mandate) -> str:
        return link(mandate.household)

    @admin.display(description="account")
    def account_link(self, mandate: Mandate) -> str:
        return link(mandate.account)

    @admin.display(description="the words shown")
    def words(self, mandate: Mandate) -> SafeString:
        return format_html('<div class="words">{}</div>', mandate.text)

    @admin.display(description="payments")
    def payments(self, mandate: Mandate) -> SafeString:
        return listed("payments_payment", "Payments under it", mandate=mandate.pk)


class HistoryOfPayment(StaffInline):
    model = PaymentEvent
    verbose_name_plural = "history"
    fields = readonly_fields = ("at", "state", "cause", "stripe_id")
    ordering = ("at", "pk")


@admin.register(Payment)
class PaymentAdmin(StaffAdmin):
    """A payment with its history, its events and its Stripe ids on one page."""

    verbs = staffing.OF_PAYMENTS
    search_stripe_ids = {
        "pi": "stripe_payment_intent_id",
        "mandate": "mandate__stripe_id",
        "pm": "mandate__stripe_payment_method_id",
        "fca": "account__stripe_id",
        "cus": "user__stripe_customer_id",
    }
    search_emails = ("user__email",)
    search_names = ("receives", "household__name", "user__name")
    list_display = (
        *("id", "state", "amount", "on", "stripe_payment_intent_id", "user", "household", "receives", "failure"),
    )
    list_select_related = ("user", "household")
    list_filter = ("state", ("on", admin.DateFieldListFilter), ("created_at", admin.DateFieldListFilter))
    inlines = (HistoryOfPayment,)
    fieldsets = (
        (None, {"fields": ("amount", "state", "failure", "on", "expected_debit_on", "created_at")}),
        ("Who", {"fields": ("user_link", "household_link", "account_link", "mandate_link", "bill_link")}),
        ("Who receives", {"fields": ("receives", "destination", "statement_descriptor")}),
        ("At Stripe", {"fields": ("stripe_ids", "events", "checked_at")}),
        (
            "Progress",
            {
                "fields": (
                    "create_started_at",
                    "confirm_started_at",
                    "cancel_requested_at",
                    "attempts",
                    "next_attempt_at",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for _, options in self.fieldsets for name in options["fields"]]

    @admin.display(description="amount", ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        return formatted(payment.amount_cents, payment.currency)

    @admin.display(description="failure")
    def failure(self, payment: Payment) -> str:
        code = f" ({payment.failure_network_code})" if payment.failure_network_code else ""
        return f"{payment.failure_code}{code}" if payment.failure_code else "–"

    @admin.display(description="approved by")
    def user_link(self, payment: Payment) -> str:
        return link(payment.user)

    @admin.display(description="household")
    def household_link(self, payment: Payment) -> str:
        return link(payment.household)

    @admin.display(description="account")
    def account_link(self, payment: Payment) -> str:
        return link(payment.account)

    @admin.display(description="mandate")
    def mandate_link(self, payment: Payment) -> str:
        return link(payment.mandate, payment.mandate.stripe_id or "pending")

    @admin.display(description="bill")
    def bill_link(self, payment: Payment) -> str:
        return link(payment.bill, f"{payment.bill.biller}, due {payment.period.due_on}")

    @admin.display(description="ids")
    def stripe_ids(self, payment: Payment) -> SafeString | str:
        return format_html_join("", "<div><code>{}</code> {}</div>", sorted(_stripe_ids(payment).items())) or "none yet"

    @admin.display(description="events")
    def events(self, payment: Payment) -> SafeString | str:
        ids = list(_stripe_ids(payment))
        known = StripeEvent.objects.filter(Q(object_id__in=ids) | Q(stripe_id__in=ids)).defer("body")
        rows = (
            (link(e, e.stripe_id), e.type, e.state, f"{e.created_at:%Y-%m-%d %H:%M:%S}")
            for e in known.order_by("created_at", "pk")
        )
        table = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", table) if table else "none yet"


def _stripe_ids(payment: Payment) -> dict[str, str]:
    """Every id at Stripe that this payment is known by, with what it is."""
    mandate = payment.mandate
    ids = {
        payment.stripe_payment_intent_id: "payment intent",
        payment.user.stripe_customer_id: "customer",
        payment.account.stripe_id: "linked account",
        mandate.stripe_id: "mandate",
        mandate.stripe_setup_intent_id: "setup intent",
        mandate.stripe_payment_method_id: "payment method",
        payment.destination: "connected account",
    }
    for change in payment.history.exclude(stripe_id=""):
        ids.setdefault(change.stripe_id, f"in the history: {change.state}")
    return {key: words for key, words in ids.items() if key}
