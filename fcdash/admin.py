"""The staff's side: how staff come in, and the base classes of what they look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

# Registered by being imported, so that they can be taken off the site below.
import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
import django_celery_beat.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django_celery_beat import models as beat

from fcdash.staffing import Verb

# The admin's own sign-in knows no second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = "fcdash staff"
admin.site.site_title = "fcdash staff"
admin.site.index_title = "Work"
admin.site.enable_nav_sidebar = True
# Theirs allow editing what is proof of an address or a second factor; users' pages show what staff need of them.
admin.site.unregister([EmailAddress, Authenticator, UserSession])
admin.site.unregister([beat.IntervalSchedule, beat.CrontabSchedule, beat.SolarSchedule, beat.ClockedSchedule])
admin.site.unregister(beat.PeriodicTask)

STRIPE_ID = re.compile(r"^[a-z]{2,20}_[A-Za-z0-9_]+$")
COUNTED_AT_MOST = 5_000
ROWS_AT_MOST = 100


class ReasonForm(forms.Form):
    """Why: at least a few words, kept for good."""

    reason = forms.CharField(
        label="Why",
        min_length=8,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="A ticket number and a few words. It is kept with your name and cannot be changed.",
    )


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than COUNTED_AT_MOST, so that a list costs the same whatever the table holds."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_AT_MOST].values("pk").count())

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self.count >= COUNTED_AT_MOST


class StaffAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a page to look at. Nothing is added, changed or deleted but by registered verbs."""

    # What the search looks through, by what was typed: a Stripe id, an e-mail address, or a name.
    # Stripe ids by their prefix ("" for any other): one lookup each, which an index answers.
    search_stripe_ids: Mapping[str, str] = MappingProxyType({})
    search_emails: tuple[str, ...] = ()
    search_names: tuple[str, ...] = ()
    # Pages that show people's data: staff need a reason on record. See accounts.middleware.StaffAccess.
    list_needs_reason = True
    page_needs_reason = True
    verbs: tuple[Verb, ...] = ()

    change_form_template = "admin/staff_change_form.html"
    search_help_text = "A whole Stripe id, the beginning of an e-mail address, or a part of a name."
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count the whole table
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    ordering: ClassVar[Any] = ("-pk",)
    view_on_site = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def needs_reason(self, object_id: str | None) -> bool:
        """Whether the list (None) or the page of one row shows people's data."""
        return self.list_needs_reason if object_id is None else self.page_needs_reason

    # --- Search ---

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [*self.search_stripe_ids.values(), *self.search_emails, *self.search_names]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\x00", "").strip()
        return (queryset.filter(self.matching(term)) if term else queryset), False

    def matching(self, term: str) -> Q:
        """The condition for what was typed. Ids and addresses compare by what an index can answer."""
        by_id = self.search_stripe_ids.get(term.split("_")[0], self.search_stripe_ids.get(""))
        if STRIPE_ID.match(term) and by_id:
            return Q(**{by_id: term})
        if "@" in term:
            return _any(self.search_emails, "startswith", term.lower())
        return _any(self.search_names, "icontains", term) | _any(self.search_emails, "startswith", term.lower())

    # --- Verbs ---

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = dict(super().get_actions(request))
        offered.pop("delete_selected", None)
        for verb in self.verbs:
            if request.user.has_perm(verb.permission):
                offered[verb.name] = (_action(verb), verb.name, verb.title)
        return offered

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), "asked": self._asked(object_id) if self.verbs else []}
        return super().changeform_view(request, object_id, form_url, context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The verbs that make sense for this row stand above it."""
        obj = kwargs.get("obj")
        allowed = [v for v in self.verbs if request.user.has_perm(v.permission)]
        context["verbs"] = [v for v in allowed if obj is not None and v.makes_sense(obj)]
        return super().render_change_form(request, context, *args, **kwargs)

    def _asked(self, object_id: str | None) -> list[Any]:
        """What staff asked for of this row lately."""
        if not (object_id or "").isdecimal():
            return []
        actions: Any = apps.get_model("accounts", "StaffAction").objects
        rows = actions.filter(target=self.opts.label_lower, object_id=int(object_id or 0))
        return list(rows.select_related("staff").order_by("-pk")[:10])


class StaffInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows below a page, to look at."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _any(fields: Sequence[str], lookup: str, term: str) -> Q:
    found = Q(pk__in=[])
    for field in fields:
        found |= Q(**{f"{field}__{lookup}": term})
    return found


def _action(verb: Verb) -> Callable[..., HttpResponse | None]:
    """The admin action of a verb: first asks why, then hands each selected row on."""

    def act(model_admin: StaffAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        rows = list(queryset[: ROWS_AT_MOST + 1])
        if len(rows) > ROWS_AT_MOST:
            messages.error(request, f"At most {ROWS_AT_MOST} at once. Nothing was asked for.")
            return None
        if not form.is_valid():
            return TemplateResponse(request, "admin/ask_reason.html", _why(model_admin, request, verb, form, rows))
        ask = import_string(settings.STAFF_ASK)
        outcomes = [ask(request.user, verb, row, form.cleaned_data["reason"]).outcome for row in rows]
        said = "; ".join(sorted({outcome for outcome in outcomes if outcome}))
        messages.success(request, f"{verb.title}: {said or 'asked for'} ({len(rows)}).")
        return None

    return act


def _why(
    model_admin: StaffAdmin, request: HttpRequest, verb: Verb, form: forms.Form, rows: list[Any]
) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": verb.title,
        "verb": verb,
        "form": form,
        "rows": rows,
        "opts": model_admin.opts,
        "checkbox": ACTION_CHECKBOX_NAME,
    }


def choices(field: str, title_: str, values: Callable[[], Iterable[str]]) -> type[admin.SimpleListFilter]:
    """A filter over known values. Without it the admin asks the whole table which values there are."""

    class Choices(admin.SimpleListFilter):
        title = title_
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, value) for value in sorted(values())]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return Choices


def link(row: models.Model | None, words: str = "") -> SafeString | str:
    """A link to the row's own page in the admin."""
    if row is None:
        return "–"
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, words or str(row))


def listed(model: str, words: str, **filters: object) -> SafeString:
    """A link to a filtered list: listed("payments_payment", "Payments", household=7)."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:{model}_changelist"), query, words)


@admin.register(beat.PeriodicTask)
class PeriodicTaskAdmin(StaffAdmin):
    """The schedule, to see that every sweep runs. Its times come from the settings."""

    list_needs_reason = page_needs_reason = False
    list_display = ("name", "task", "enabled", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab")
    search_names = ("name", "task")
    ordering = ("name",)
