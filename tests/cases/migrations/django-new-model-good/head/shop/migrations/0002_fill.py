from django.db import migrations, models


def fill(apps, schema_editor):
    apps.get_model("shop", "User").objects.update(name="")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.AddField("user", "a", models.TextField(null=True))]
