"""Hosted endpoints: Open WebUI's list of them, and the endpoints themselves."""
