"""What runs and waits? Requests at Ollama, from connections, runner slots and the log.

May import tasks, values.
"""
