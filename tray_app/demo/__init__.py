"""What does it look like? The story of an overload and its relief, played on the stand-ins.

Loopback only. May import standins, readers and core.
"""
