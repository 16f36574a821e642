from django.db import migrations, models


def fill(apps, schema_editor):
    apps.get_model("shop", "User").objects.update(name="")


class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.CreateModel(name="User", fields=[("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9, null=True))])]
