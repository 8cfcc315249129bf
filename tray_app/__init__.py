"""Elbowroom: room for the chat model beside Open WebUI's background tasks."""

__version__ = "0.2.0"
