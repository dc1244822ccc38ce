from __future__ import annotations
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as F
from tests.cast import Cast
from banking.models import Account, Import, Transaction, Balance
from fcdash import tenancy
pytestmark = pytest.mark.django_db
CSV = b"Date,Description,Amount\n2026-11-01,SQ *CORNER CAFE,-12.50\n2026-11-03,PAYROLL,2000.00\n2026-11-03,SQ *CORNER CAFE,-12.50\n2026-11-03,SQ *CORNER CAFE,-12.50\n"
def test_road(cast: Cast) -> None:
    assert cast.household
    c = cast.client(cast.alice)
    r = c.post("/banks/by-hand/", {"name": "Wallet", "kind": "cash", "currency": "usd", "amount": "100.00", "on": "2026-11-01"})
    assert r.status_code == 302, r.content.decode()
    url = r["Location"]; print(url); pk = int(url.strip("/").split("/")[-1])
    assert b"Kept by hand" in c.get(url).content
    r = c.post(f"/banks/{pk}/import/", {"file": F("nov.csv", CSV)})
    assert r.status_code == 302, r.content.decode()
    imp = r["Location"]
    r = c.get(imp); assert r.status_code == 302, r.content.decode()
    page = c.get(r["Location"]); assert page.status_code == 200
    form = page.context["form"]
    data = {k: v for k, v in form.initial.items()}
    r = c.post(r["Location"], data | {"encoding": "utf-8", "delimiter": ","})
    assert r.status_code == 302, r.content.decode()
    page = c.get(imp); assert page.status_code == 200
    r = c.post(imp, {"seen": page.context["shown"].digest})
    assert r.status_code == 302, r.content.decode()
    page = c.get(imp); assert b"What it did" in page.content
    with tenancy.scope(cast.household):
        print(list(Transaction.objects.values_list("booked_on","amount_cents","description","merchant","category")))
        print(list(Balance.objects.values_list("on","current_cents").order_by("on")))
    r = c.post(f"/banks/{pk}/import/", {"file": F("nov.csv", CSV)})
    r = c.get(r["Location"]); assert b"nothing to import" in r.content, r.content.decode()
    r = c.post(imp + "undoing/"); assert r.status_code == 302
    with tenancy.scope(cast.household):
        assert Transaction.objects.count() == 0
        print(list(Balance.objects.values_list("on","current_cents").order_by("on")))
    for p in ("/", "/banks/", "/banks/imports/", url, imp, "/transactions/", "/net-worth/"):
        assert c.get(p).status_code == 200, p
