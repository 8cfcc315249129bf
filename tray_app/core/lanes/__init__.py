"""Who goes first? The relay's policy: a chat never waits for a task, and every task gets its turn.

May import requests, tasks, values.
"""
