"""What relieves the machine beside a click: automatic relief, and advice for Ollama's own settings."""
