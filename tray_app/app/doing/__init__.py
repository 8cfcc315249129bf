"""What the carrier of changes needs beside Open WebUI's documents: downloads, and reads that every worker answers."""
