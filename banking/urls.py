"""Pages about banks."""

from __future__ import annotations

from django.urls import path

from banking import views

app_name = "banking"
urlpatterns = [
    path("", views.accounts, name="accounts"),
    path("link/", views.link, name="link"),
    path("link/<str:session_id>/completion/", views.link_completion, name="link_completion"),
    path("linked/", views.linked, name="linked"),
    path("<int:account_id>/", views.account, name="account"),
    path("<int:account_id>/refresh/", views.refresh, name="refresh"),
    path("<int:account_id>/disconnection/", views.disconnection, name="disconnection"),
    path("<int:account_id>/distinction/", views.distinction, name="distinction"),
]
