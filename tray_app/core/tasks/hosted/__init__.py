"""Hosted endpoints: their models, which of them suit tasks, and what those would cost."""
