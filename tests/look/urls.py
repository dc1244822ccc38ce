"""The project's URLs, with the pages that production leaves out."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import TemplateView

from fcdash.kit import kit
from fcdash.urls import urlpatterns as everything

urlpatterns = [
    path("kit/", kit),
    path("landing/", login_not_required(TemplateView.as_view(template_name="pages/landing.html"))),
    path("oops/", login_not_required(TemplateView.as_view(template_name="500.html"))),
    *everything,
]
