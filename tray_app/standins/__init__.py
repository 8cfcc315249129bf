"""What would the servers answer? Stateful stand-ins for Ollama and Open WebUI that demo and tests share.

Loopback only. May import services and core. They play many releases on purpose and keep the boundaries of these for
themselves: what a stand-in shared with the product, no test of the two could find wrong.
"""
