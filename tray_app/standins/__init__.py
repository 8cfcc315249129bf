"""What would the servers answer? Stateful stand-ins for Ollama and Open WebUI that demo and tests share.

Loopback only. May import services and core.
"""
