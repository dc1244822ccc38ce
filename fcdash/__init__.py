"""The Django project and what every app stands on: settings, tenancy, money, the gateway to Stripe."""

from __future__ import annotations

from fcdash.celery import app as celery_app

__all__ = ["celery_app"]
