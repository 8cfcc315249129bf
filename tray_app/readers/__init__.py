"""This machine: counters, processes, connections and logs, each read once per poll."""
