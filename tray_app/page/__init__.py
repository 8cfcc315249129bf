"""What does the browser show? The one page of the app: a form on loopback that connects to Open WebUI.

May import core.
"""
