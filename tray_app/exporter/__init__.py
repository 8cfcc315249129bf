"""How does Prometheus get the numbers? As text over HTTP or in a file, written by prometheus_client, which only this
room knows.

May import core, prometheus_client.
"""
