"""The limits that pages and webhooks are held against: a bare signed-in page, and a sink that only stores events.

The page reads session, user, membership and the newest 25 rows, with the ORM and a Django template. The sink checks
the signature, parses, and makes one `INSERT … ON CONFLICT DO NOTHING`; it runs without any middleware.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

SECRET = b"whsec_sandbox"
ROWS = 25


class Membership(models.Model):
    """The product's table, without its scopes."""

    household_id = models.BigIntegerField()
    user_id = models.BigIntegerField()
    role = models.CharField(max_length=10)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "accounts_membership"


class Row(models.Model):
    """The product's table, without its scopes."""

    household_id = models.BigIntegerField()
    booked_on = models.DateField()
    description = models.TextField()
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    category = models.CharField(max_length=32)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "banking_transaction"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bare</title></head><body>
<p>{{ user.email }}, {{ member.role }}</p>{% for message in messages %}<p>{{ message }}</p>{% endfor %}
<table>{% for row in rows %}
<tr><td>{{ row.booked_on|date:"M j" }}</td><td>{{ row.description }}</td><td>{{ row.category }}</td>
<td>{{ row.amount_cents }} {{ row.currency }}</td></tr>{% endfor %}
</table><form method="post">{% csrf_token %}</form></body></html>
"""


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """The bare signed-in page."""
    member = Membership.objects.filter(user_id=request.user.pk).order_by("pk")[0]
    rows = Row.objects.filter(household_id=member.household_id).order_by("-booked_on", "-pk")[:ROWS]
    return HttpResponse(_template().render({"member": member, "rows": rows}, request))


@lru_cache(maxsize=1)
def _template() -> Any:
    return engines["django"].from_string(PAGE)


@csrf_exempt
def sink(request: HttpRequest) -> HttpResponse:
    """The bare sink."""
    body = request.body
    stamp, signature = (part.split("=", 1)[1] for part in request.headers["Stripe-Signature"].split(",")[:2])
    expected = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature) or abs(time.time() - int(stamp)) > 300:
        return HttpResponse(status=400, headers={"Content-Length": "0"})
    event = json.loads(body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_event (id, body) VALUES (%s, %s) ON CONFLICT DO NOTHING", [event["id"], body.decode()]
        )
    return HttpResponse(status=200, headers={"Content-Length": "0"})


EVENT_TABLE = "CREATE TABLE IF NOT EXISTS bench_event (id text PRIMARY KEY, body jsonb NOT NULL)"
urlpatterns = [path("bare/", page), path("sink/", sink)]
