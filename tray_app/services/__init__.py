"""What do the servers say? HTTP as a client: the only place for httpx, without retries of its own.

May import core, httpx and truststore.
"""
