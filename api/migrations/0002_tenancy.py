"""Composite key and row-level security of the kept replies."""

from django.db import migrations

from fcdash.tenancy import Tenant


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("accounts", "0002_tenancy")]

    operations = [Tenant("api_apireply")]
