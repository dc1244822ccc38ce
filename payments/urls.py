"""URLs of bills, payments and permissions."""

from __future__ import annotations

from django.urls import path

from payments import views

app_name = "payments"
urlpatterns = [
    path("bills/", views.bills_page, name="bills"),
    path("bills/new/", views.new_bill, name="bill_new"),
    path("bills/<int:bill_id>/", views.bill_page, name="bill"),
    path("bills/<int:bill_id>/removal/", views.removal, name="removal"),
    path("bills/<int:bill_id>/pay/", views.pay_page, name="pay"),
    path("bills/<int:bill_id>/periods/<int:period_id>/skip/", views.skip, name="skip"),
    path("payments/<int:payment_id>/", views.payment_page, name="payment"),
    path("payments/<int:payment_id>/cancellation/", views.cancellation, name="cancellation"),
    path("payments/<int:payment_id>/release/", views.release, name="release"),
    path("permissions/", views.permissions_page, name="permissions"),
    path("permissions/<int:mandate_id>/", views.permission_page, name="permission"),
    path("permissions/<int:mandate_id>/revocation/", views.revocation, name="revocation"),
]
