"""Which task runs where? Open WebUI's task settings, their releases, and where a task lands.

May import values.
"""
