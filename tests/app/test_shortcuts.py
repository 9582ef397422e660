"""Which keys do what, on every page."""

from app.shortcuts import KEYS
from tests.app.shown import press, read, show


def test_the_list_of_shortcuts_opens_on_every_page(studio):
    for page in ("home", "glossary"):
        at = show(page)
        press(at, "Shortcuts")
        assert all(does in read(at) for keys in KEYS.values() for does in keys.values())
