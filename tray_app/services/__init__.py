"""HTTP: the only place for httpx."""
