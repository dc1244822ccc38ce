"""The WSGI entry of the bare page, and of the bare sink, which runs without any middleware."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

_pages: Any = get_wsgi_application()
with override_settings(MIDDLEWARE=[]):
    _sink: Any = WSGIHandler()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The sink for its own path, the page with its middleware for every other."""
    return (_sink if environ["PATH_INFO"] == "/sink/" else _pages)(environ, start_response)
