"""Who may read it? The same facts as JSON, and what must be hidden in them.

May import lanes, requests, tasks, values.
"""
