"""The inbox's one URL."""

from __future__ import annotations

from django.urls import path

from webhooks import views

app_name = "webhooks"
urlpatterns = [path("stripe/", views.stripe_webhook, name="stripe")]
