"""Webhook endpoints: the application's own, set at the start or by a control, and those made through the API."""

from __future__ import annotations

from urllib.parse import urlsplit

from stripe.params import (
    WebhookEndpointCreateParams,
    WebhookEndpointDeleteParams,
    WebhookEndpointListParams,
    WebhookEndpointRetrieveParams,
    WebhookEndpointUpdateParams,
)

from sandbox import clock, customers, ids
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation
from sandbox.wire.versions import CURRENT

KIND = "webhook_endpoint"
# As many as a Stripe account may have.
MOST = 16
OWN_ID = "we_sandbox"
OWN_SECRET = "whsec_sandbox"  # noqa: S105


def set_own(url: str | None) -> None:
    """Where the application's events go from now on."""
    store.set_setting("webhook_url", url)
    endpoint = store.find(KIND, OWN_ID)
    if endpoint is not None:
        endpoint.update(url=url or "", status="enabled" if url else "disabled")
        store.save(endpoint)
    elif url:
        store.add({**_new(OWN_ID, url, ["*"], OWN_SECRET), "api_version": CURRENT.label})


def _new(endpoint_id: str, url: str, enabled_events: list[str], secret: str) -> Body:
    return {
        "id": endpoint_id,
        "object": KIND,
        "api_version": None,
        "application": None,
        "created": clock.stamp(),
        "description": None,
        "enabled_events": enabled_events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_": {"secret": secret},
    }


def roll_secret(endpoint_id: str, body: Body) -> Body:
    """A new secret, as the Dashboard makes one; the old one signs too until it expires, after a day at most."""
    endpoint = _existing(endpoint_id)
    lasts, fresh = body.get("expires_in", 0), body.get("secret") or "whsec_" + ids.token(32)
    if not isinstance(lasts, int | float) or not 0 <= lasts <= clock.DAY:
        raise errors.invalid("expires_in", "must be seconds, a day at most.")
    if not isinstance(fresh, str) or not fresh.startswith("whsec_"):
        raise errors.invalid("secret", "must begin with whsec_.")
    hidden = endpoint["_"]
    hidden.update(old_secret=hidden["secret"], old_secret_until=clock.now() + lasts, secret=fresh)
    store.save(endpoint)
    return {"id": endpoint["id"], "secret": fresh, "old_secret_expires_in": lasts}


def create(call: Call) -> Body:
    params = call.params
    if len(store.all(KIND)) >= MOST:
        raise ApiError(f"You have reached the maximum of {MOST} test webhook endpoints.")
    _refuse_malformed(params["url"])
    endpoint = _new(ids.new_id(KIND), params["url"], list(params["enabled_events"]), "whsec_" + ids.token(32))
    # Nothing happens at connected accounts here, so that such an endpoint hears of nothing.
    endpoint["_"]["connect"] = params.get("connect", False)
    endpoint["api_version"] = params.get("api_version")
    endpoint["description"] = params.get("description") or None
    endpoint["metadata"] = customers.merged_metadata({}, params.get("metadata", {}))
    store.add(endpoint)
    # The one time that the secret is shown.
    return {**rendering.shown(endpoint, call.version), "secret": endpoint["_"]["secret"]}


def _refuse_malformed(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ApiError("Not a valid URL", code="url_invalid", param="url")


def _existing(endpoint_id: str) -> Body:
    endpoint = store.find(KIND, endpoint_id)
    if endpoint is None:
        raise errors.no_such(KIND, endpoint_id)
    return endpoint


def retrieve(call: Call) -> Body:
    return rendering.shown(_existing(call.id), call.version)


def update(call: Call) -> Body:
    endpoint = _existing(call.id)
    params = call.params
    if "url" in params:
        _refuse_malformed(params["url"])
        endpoint["url"] = params["url"]
    if "enabled_events" in params:
        endpoint["enabled_events"] = list(params["enabled_events"])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "description" in params:
        endpoint["description"] = params["description"] or None
    if "metadata" in params:
        endpoint["metadata"] = customers.merged_metadata(endpoint["metadata"], params["metadata"])
    return rendering.shown(store.save(endpoint), call.version)


def delete(call: Call) -> Body:
    endpoint = _existing(call.id)
    store.db.execute("DELETE FROM objects WHERE id = ?", (endpoint["id"],))
    return {"id": endpoint["id"], "object": KIND, "deleted": True}


def list_endpoints(call: Call) -> Body:
    return listing.page(KIND, call.params, call.url, call.version)


_PATH = "/v1/webhook_endpoints"

OPERATIONS = (
    Operation("POST", _PATH, create, WebhookEndpointCreateParams),
    Operation("GET", _PATH, list_endpoints, WebhookEndpointListParams),
    Operation("GET", _PATH + "/*", retrieve, WebhookEndpointRetrieveParams),
    Operation("POST", _PATH + "/*", update, WebhookEndpointUpdateParams),
    Operation("DELETE", _PATH + "/*", delete, WebhookEndpointDeleteParams),
)
