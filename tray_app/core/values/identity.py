"""Names by which the operating systems know this app. They never change: stored items hang on them."""

APP_NAME = "elbowroom"
APP_ID = "io.github.elbowroom"
"""Reverse-DNS id: keychain service, launch agent label, desktop entry, tray item."""
