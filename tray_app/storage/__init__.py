"""What is kept on disk? This app's own files and its one secret.

May import core, platformdirs, keyring, filelock and tomlkit; no network.
"""
