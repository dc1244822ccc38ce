"""What a link session asked for beside its permissions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0008_by_hand"),
    ]

    operations = [
        migrations.AddField(
            model_name="linksession",
            name="asks",
            field=models.JSONField(
                default=dict, help_text="What beside permissions: prefetch, which accounts, how many."
            ),
        ),
    ]
