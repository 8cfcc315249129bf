"""The languages of this copy: one folder with a catalog each, beside English, which is the sentences themselves."""

from pathlib import Path

DOMAIN = "elbowroom"
CATALOGS = Path(__file__).parents[1] / "locale"
LANGUAGES = ("en", *sorted(path.parents[1].name for path in CATALOGS.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))
