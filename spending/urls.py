"""URLs of the figures; `home` stands outside the namespace because the whole house links to it."""

from __future__ import annotations

from django.urls import include, path

from spending import views

pages = (
    [
        path("reading/", views.reading, name="reading"),
        path("transactions/", views.transactions, name="transactions"),
        path("transactions/export/", views.export, name="export"),
        path("transactions/<int:transaction_id>/", views.transaction, name="transaction"),
        path("transactions/<int:transaction_id>/category/", views.category, name="category"),
        path("transactions/<int:transaction_id>/note/", views.note, name="note"),
        path("transactions/<int:transaction_id>/exclusion/", views.exclusion, name="exclusion"),
        path("transactions/<int:transaction_id>/review/", views.review, name="review"),
        path("transfers/<int:transfer_id>/parting/", views.parting, name="parting"),
        path("edits/<int:edit_id>/undoing/", views.undoing, name="undoing"),
        path("spending/", views.spending, name="spending"),
        path("cash-flow/", views.cash_flow, name="cash_flow"),
        path("net-worth/", views.net_worth, name="net_worth"),
    ],
    "spending",
)
urlpatterns = [path("", views.home, name="home"), path("", include(pages))]
