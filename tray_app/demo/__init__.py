"""Embedded stand-ins for Ollama and Open WebUI, with state, and the story they play. Loopback only."""
