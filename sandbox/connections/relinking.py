"""Renewing a connection: the same accounts come back, with a fresh consent and fresh tokenized numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import banks
from sandbox.connections import access, account_numbers, accounts, authorizations, institutions, refreshing
from sandbox.institution import Institution
from sandbox.store import Body, store
from sandbox.wire.errors import ApiError


@dataclass(frozen=True)
class Target:
    """What a session is to renew: an authorization, and one of its accounts when that one is meant."""

    authorization: Body
    account: Body | None

    @property
    def holder(self) -> Body:
        return dict(self.authorization["account_holder"])

    @property
    def options(self) -> Body:
        return {"authorization": self.authorization["id"], "account": self.account["id"] if self.account else None}

    @property
    def institution(self) -> Institution:
        found = institutions.find(self.authorization["institution"])
        assert found is not None  # noqa: S101
        return found


def asked_for(params: Mapping[str, Any]) -> Target | None:
    """What `relink_options` name; refuses what no linking brings back."""
    options = params.get("relink_options")
    if options is None:
        return None
    target = _target(options, "relink_options[authorization]", "relink_options[account]")
    if target.account and target.account["_"]["authorization"] != target.authorization["id"]:
        raise ApiError("This account does not belong to the authorization.", param="relink_options[account]")
    if authorizations.status_of(target.authorization) == "disconnected":
        raise ApiError(
            "This authorization is disconnected; link its accounts anew.", param="relink_options[authorization]"
        )
    if target.account and not _can_be_mended(target.account):
        raise ApiError(
            "This account cannot be relinked: it is disconnected, or its `status_details` ask for no action.",
            param="relink_options[account]",
        )
    return target


def of(session: Body) -> Target | None:
    options = session["_"].get("relink")
    return _target(options, None, None) if options else None


def _target(options: Mapping[str, Any], authorization_param: str | None, account_param: str | None) -> Target:
    authorization = authorizations.existing(options["authorization"], authorization_param)
    account_id = options.get("account")
    return Target(authorization, accounts.existing(account_id, account_param) if account_id else None)


def _can_be_mended(account: Body) -> bool:
    inactive = account["status_details"].get("inactive")
    return account["status"] != "disconnected" and (inactive is None or inactive["action"] == "relink_required")


def failure(target: Target, keys: Sequence[str]) -> str | None:
    """Why what the person signed in to and chose renews nothing; None when it does."""
    if any(banks.find_account(key)[0].key != target.institution.key for key in keys):
        return "no_authorization"
    if target.account and target.account["_"]["bank_key"] not in keys:
        return "no_account"
    return None


def renew(target: Target, session: Body, keys: Sequence[str]) -> list[str]:
    """The accounts that the person chose: those known come back under their ids, others are linked beside them."""
    known = {
        account["_"]["bank_key"]: account
        for account in authorizations.accounts_of(target.authorization)
        if _can_be_mended(account)
    }
    renewed = []
    for key in keys:
        if key in known:
            _bring_back(known[key]["id"], session)
            renewed.append(known[key]["id"])
        else:
            renewed.append(accounts.link(session, target.authorization, key)["id"])
    access.renew_consent(target.authorization, target.institution.consent)
    return renewed


def _bring_back(account_id: str, session: Body) -> None:
    account = accounts.existing(account_id, None)
    account["permissions"] = list(session["permissions"])
    store.save(account)
    access.reactivate(account)
    account_numbers.reissue(account)
    refreshing.prefetch(account, session)
    store.save(account)
