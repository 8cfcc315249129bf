"""What does this machine say? Counters, processes, connections and logs, each read once per poll.

May import core and psutil.
"""
