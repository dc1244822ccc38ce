"""Pages about banks."""

from __future__ import annotations

from django.urls import path

from banking import hand_views, import_views, link_views, views

app_name = "banking"
urlpatterns = [
    path("", views.accounts, name="accounts"),
    path("link/", views.link, name="link"),
    path("link/<str:session_id>/completion/", views.link_completion, name="link_completion"),
    path("linked/", views.linked, name="linked"),
    path("webview/", link_views.webview, name="webview"),
    path("webview/ended/", link_views.webview_ended, name="webview_ended"),
    path("<int:account_id>/more/", link_views.more, name="more"),
    path("<int:account_id>/", views.account, name="account"),
    path("<int:account_id>/refresh/", views.refresh, name="refresh"),
    path("<int:account_id>/disconnection/", views.disconnection, name="disconnection"),
    path("<int:account_id>/relink/", views.relink, name="relink"),
    path("<int:account_id>/continuation/", views.continuation, name="continuation"),
    path("<int:account_id>/balance-base/", views.balance_base, name="balance_base"),
    path("<int:account_id>/distinction/", views.distinction, name="distinction"),
    # Kept by hand
    path("by-hand/", hand_views.new, name="manual_new"),
    path("<int:account_id>/face/", hand_views.face, name="manual_face"),
    path("<int:account_id>/balance/", hand_views.balance, name="manual_balance"),
    path("<int:account_id>/rows/", hand_views.row_new, name="manual_row_new"),
    path("<int:account_id>/closing/", hand_views.closing, name="manual_closing"),
    path("<int:account_id>/reopening/", hand_views.reopening, name="manual_reopening"),
    path("rows/<int:transaction_id>/", hand_views.row, name="manual_row"),
    path("rows/<int:transaction_id>/removal/", hand_views.row_removal, name="manual_row_removal"),
    # Files
    path("imports/", import_views.imports, name="imports"),
    path("<int:account_id>/import/", import_views.bring, name="import_bring"),
    path("imports/<int:import_id>/", import_views.one, name="import"),
    path("imports/<int:import_id>/reading/", import_views.reading, name="import_reading"),
    path("imports/<int:import_id>/abandonment/", import_views.abandonment, name="import_abandonment"),
    path("imports/<int:import_id>/undoing/", import_views.undoing, name="import_undoing"),
]
