"""Every setting, each environment variable read once, here. Names and defaults are described in .env.example."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from fcdash.addresses import is_loopback

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
DEBUG: bool = env.bool("DEBUG", default=False)


def required(variable: str, development: str) -> str:
    """The variable's value; in development `development` stands in, in production its absence stops the start."""
    value: str = env.str(variable, default="")
    if value or DEBUG:
        return value or development
    raise ImproperlyConfigured(f"{variable} is not set. With DEBUG=0 it has no default: see .env.example.")


PORT: int = env.int("PORT", default=8000)
SANDBOX_PORT: int = env.int("SANDBOX_PORT", default=8001)
RUN_WORKERS: int = env.int("RUN_WORKERS", default=0)  # set by `make run`: how many workers /readyz waits for
FCDASH_HOME = Path(env.str("FCDASH_HOME", default=str(BASE_DIR / ".local"))).resolve()
SECRET_KEY = required("SECRET_KEY", "development-only-never-in-production-0123456789abcdef")
PUBLIC_URL: str = env.str("PUBLIC_URL", default=f"http://localhost:{PORT}").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_URL).hostname or "localhost"])
if DEBUG:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]
SERVED_OVER_TLS = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# The operator: whom the mandates name and people write to.
OPERATOR_NAME = required("OPERATOR_NAME", "Alder Creek Community Services")
SUPPORT_EMAIL = required("SUPPORT_EMAIL", "help@aldercreek.example")
STATEMENT_DESCRIPTOR: str = env.str("STATEMENT_DESCRIPTOR", default="")
MOBILE_RETURN_URLS: list[str] = env.list("MOBILE_RETURN_URLS", default=[])
APPLE_APP_IDS: list[str] = env.list("APPLE_APP_IDS", default=[])
ANDROID_APPS: list[str] = env.list("ANDROID_APPS", default=[])
# What a link session asks for, unless a call of the API says otherwise.
LINK_PERMISSIONS: list[str] = env.list(
    "LINK_PERMISSIONS", default=["balances", "ownership", "payment_method", "transactions"]
)
LINK_PREFETCH: list[str] = env.list("LINK_PREFETCH", default=["balances", "ownership", "transactions"])
LINK_ACCOUNT_SUBCATEGORIES: list[str] = env.list("LINK_ACCOUNT_SUBCATEGORIES", default=[])
LINK_PAYABLE: str = env.str("LINK_PAYABLE", default="")
LINK_ACCOUNTS: int = env.int("LINK_ACCOUNTS", default=0)
MANDATE_TEXT_FILE: str = env.str("MANDATE_TEXT_FILE", default="")

# --- Stripe -----------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY: str = env.str("STRIPE_SECRET_KEY", default="")
if not STRIPE_SECRET_KEY and not DEBUG:
    raise ImproperlyConfigured("STRIPE_SECRET_KEY is not set. With DEBUG=0 it has no default: see .env.example.")
_api_base: str = env.str("STRIPE_API_BASE", default="").rstrip("/")
STRIPE_SANDBOX = STRIPE_SECRET_KEY in ("", "sk_test_sandbox") or is_loopback(_api_base)
_sandbox_url = f"http://localhost:{SANDBOX_PORT}"
STRIPE_SECRET_KEY = STRIPE_SECRET_KEY or "sk_test_sandbox"
STRIPE_PUBLISHABLE_KEY: str = env.str("STRIPE_PUBLISHABLE_KEY", default="pk_test_sandbox" if STRIPE_SANDBOX else "")
STRIPE_WEBHOOK_SECRETS: list[str] = env.list(
    "STRIPE_WEBHOOK_SECRETS", default=["whsec_sandbox"] if STRIPE_SANDBOX else []
)
STRIPE_API_BASE: str = _api_base or (_sandbox_url if STRIPE_SANDBOX else "https://api.stripe.com")
STRIPE_JS_URL: str = env.str(
    "STRIPE_JS_URL", default=f"{_sandbox_url}/v3/" if STRIPE_SANDBOX else "https://js.stripe.com/v3/"
)
STRIPE_API_VERSION = "2026-10-28.endive"
STRIPE_PREVIEW_VERSION = "2026-04-22.preview"
STRIPE_HOSTED_VERSION = f"{STRIPE_PREVIEW_VERSION}; financial_connections_hosted_beta=v1"
STRIPE_LIVEMODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
STRIPE_MODE = "sandbox" if STRIPE_SANDBOX else "live" if STRIPE_LIVEMODE else "test"
STRIPE_TEST_KEY_IN_PRODUCTION: bool = env.bool("STRIPE_TEST_KEY_IN_PRODUCTION", default=False)
STRIPE_EVENT_DAYS: int = env.int("STRIPE_EVENT_DAYS", default=90)
STRIPE_CONNECT_SECONDS, STRIPE_READ_SECONDS, STRIPE_RETRIES = 3, env.int("STRIPE_READ_SECONDS", default=20), 2
# So long is an account kept for a worker that reads it; should the worker die, another takes it up after that.
REFRESH_LEASE_SECONDS: int = env.int("REFRESH_LEASE_SECONDS", default=300)
# How often a day a household's accounts may be refreshed where Stripe bills for it, by feature.
STRIPE_BILLED_A_DAY: dict[str, int] = {
    "balance": env.int("STRIPE_BALANCES_A_DAY", default=100),
    "ownership": env.int("STRIPE_OWNERSHIPS_A_DAY", default=20),
    "transactions": env.int("STRIPE_TRANSACTIONS_A_DAY", default=200),
}
STRIPE_REQUESTS_PER_SECOND: int = env.int("STRIPE_REQUESTS_PER_SECOND", default=0 if STRIPE_SANDBOX else 20)

# --- Applications -----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "fcdash",
    "webhooks",
    "accounts",
    "banking",
    "spending",
    "payments",
    "api",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "django_celery_beat",
    "django_htmx",
    "csp",
]
MIDDLEWARE = [
    "fcdash.health.Liveness",
    "django.middleware.security.SecurityMiddleware",
    "webhooks.middleware.ShortWay",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fcdash.policy.ContentSecurityPolicy",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.StaffAccess",
    "accounts.middleware.PrivatePages",
]
ROOT_URLCONF = "fcdash.urls"
WSGI_APPLICATION = "fcdash.wsgi.application"
ASGI_APPLICATION = "fcdash.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.shell",
            ],
            "builtins": ["fcdash.templatetags.fcdash"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]

# --- State ------------------------------------------------------------------------------------------------------
# Under the tests and `make run` the addresses come from the embedded services; nothing is started from here.
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(required("DATABASE_URL", "postgresql://fcdash_app@/fcdash?host=/nowhere"))
}
DATABASES["default"].update(ENGINE="fcdash.postgresql", CONN_MAX_AGE=0, ATOMIC_REQUESTS=False)
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": env.int("DATABASE_POOL_SIZE", default=8),
    "timeout": 10,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL: str = required("REDIS_URL", "unix:///nowhere/valkey.sock?db=1")
CACHES = {
    "default": {
        "BACKEND": "fcdash.cache.KeptRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "fcdash",
        # A cache that does not answer is one that is down: nobody waits for it.
        "OPTIONS": {"socket_timeout": 5},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- Mail -------------------------------------------------------------------------------------------------------
EMAIL_URL: str = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
    EMAIL_TIMEOUT = 20
elif DEBUG:
    EMAIL_BACKEND = "accounts.mailbox.FolderBackend"
else:
    raise ImproperlyConfigured("EMAIL_URL is not set. With DEBUG=0 it has no default: see .env.example.")
MAIL_FOLDER = FCDASH_HOME / "mail"
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default=f"fcdash <no-reply@{urlsplit(PUBLIC_URL).hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- People -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.signed_in.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False  # offered to new addresses only: it would tell which are known
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = False
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS: dict[str, str] = {}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SERVED_OVER_TLS else "http"
MFA_ADAPTER = "allauth.mfa.adapter.DefaultMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
MFA_TOTP_ISSUER = "fcdash"
USERSESSIONS_TRACK_ACTIVITY = False
STAFF_SECOND_FACTOR: bool = env.bool("STAFF_SECOND_FACTOR", default=not DEBUG)
STAFF_ACCESS_MINUTES = 30
HEADLESS_CLIENTS = ("app",)
HEADLESS_SERVE_SPECIFICATION = False
HEADLESS_ONLY = False
# Per session. A person's app polls a payment once a second and shows a few lists beside it.
API_READS_PER_MINUTE: int = env.int("API_READS_PER_MINUTE", default=600)
API_WRITES_PER_MINUTE: int = env.int("API_WRITES_PER_MINUTE", default=120)

# --- Background work --------------------------------------------------------------------------------------------
CELERY_BROKER_URL: str = env.str("CELERY_BROKER_URL", default="")
if not CELERY_BROKER_URL:
    # The cache's address, in the dialect that the broker's client speaks.
    CELERY_BROKER_URL = (
        REDIS_URL.replace("unix://", "redis+socket://", 1).split("?")[0] + "?virtual_host=0"
        if REDIS_URL.startswith("unix://")
        else REDIS_URL
    )
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "global_keyprefix": "fcdash:"}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "payments.*": {"queue": "payments"},
    "webhooks.*": {"queue": "webhooks"},
    "banking.*": {"queue": "refreshes"},
    "accounts.tasks.send_mail": {"queue": "mail"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
SWEEP_SECONDS: int = env.int("SWEEP_SECONDS", default=20 if DEBUG else 60)
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # Each picks its work from the database, so a missed or doubled tick changes nothing.
    "unfinished payments": {"task": "payments.tasks.sweep", "schedule": SWEEP_SECONDS},
    "bill periods": {"task": "payments.tasks.open_periods", "schedule": 15 * 60},
    "unprocessed events": {"task": "webhooks.tasks.sweep", "schedule": SWEEP_SECONDS},
    "missed events": {"task": "webhooks.tasks.catch_up", "schedule": env.int("CATCH_UP_SECONDS", default=30)},
    "due refreshes": {"task": "banking.tasks.sweep", "schedule": SWEEP_SECONDS},
    "files not imported": {"task": "banking.tasks.forget_files", "schedule": 10 * 60},
    "missing customers": {"task": "accounts.tasks.repair_customers", "schedule": SWEEP_SECONDS},
    "staff actions": {"task": "accounts.tasks.sweep_staff_actions", "schedule": SWEEP_SECONDS},
    "unsent mail": {"task": "accounts.tasks.sweep_mail", "schedule": SWEEP_SECONDS},
    "old events": {"task": "webhooks.tasks.prune", "schedule": crontab(hour="4", minute="10")},
    "ended sessions": {"task": "accounts.tasks.clear_sessions", "schedule": crontab(hour="4", minute="30")},
    "old API replies": {"task": "api.tasks.prune", "schedule": crontab(hour="4", minute="20")},
}
# Who turns a bank's row into merchant and category: spending knows, banking must not import it.
TRANSACTION_CLASSIFIER = "spending.categorising.classify"
AFTER_INGEST = "spending.transfers.match"
# What a category in somebody's file is called here.
CATEGORY_NAMED = "spending.categories.key_named"
# What else is coming, for the dashboard: bills to pay from here.
UPCOMING_SOURCES = ["payments.upcoming.items"]
# What goes on when an account is no longer read: payments know, banking must not import them.
ACCOUNT_USES = ["payments.account_uses.of_account"]
# Who keeps the record of what staff ask for: accounts knows, the admin's base must not import it.
STAFF_ASK = "accounts.oversight.ask"
# What to do about an event of Stripe: the apps know, the inbox must not import them.
STRIPE_EVENT_HANDLERS = "fcdash.events.HANDLERS"
STRIPE_CONNECT_HANDLERS = "fcdash.events.CONNECT_HANDLERS"
# Which billers have Stripe accounts of their own: payments knows.
CONNECTED_ACCOUNTS = "payments.receiving.connected_accounts"
# Which Stripe this database belongs to: the inbox's app knows, the gateway must not import it.
STRIPE_BINDING = "webhooks.binding"

# --- The browser's side -----------------------------------------------------------------------------------------
_stripe_js_origin = "{0.scheme}://{0.netloc}".format(urlsplit(STRIPE_JS_URL))
# https://docs.stripe.com/security/guide#content-security-policy; the sandbox needs its own origin alone.
_stripe_scripts, _stripe_frames, _stripe_images = [_stripe_js_origin], [_stripe_js_origin], list[str]()
if not STRIPE_SANDBOX:
    _stripe_scripts += ["https://*.js.stripe.com"]
    _stripe_frames += ["https://*.js.stripe.com", "https://hooks.stripe.com", "https://*.link.com"]
    _stripe_images += ["https://*.stripe.com", "https://*.link.com"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, *_stripe_scripts],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *_stripe_images],
        "font-src": [SELF],
        "connect-src": [SELF, STRIPE_API_BASE],
        "frame-src": _stripe_frames,
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "usb", "browsing-topics")
}
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"  # a bank's sign-in opens a pop-up
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = SERVED_OVER_TLS and not DEBUG
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SERVED_OVER_TLS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63072000 if SERVED_OVER_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SERVED_OVER_TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SERVED_OVER_TLS
SESSION_COOKIE_NAME = "__Host-session" if SERVED_OVER_TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SERVED_OVER_TLS else "csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "fcdash.uploads.Capped",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)

# --- The rest ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # The SDK logs request bodies at INFO and below: client secrets and names do not belong in a log.
    "loggers": {"stripe": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}
