"""What stands between Open WebUI and Ollama while chat first is on? A process of its own, and nobody's thread.

May import core, storage and httptools.
"""
