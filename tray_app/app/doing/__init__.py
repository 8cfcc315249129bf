"""What is done beside Open WebUI's documents: downloads, reads that every worker answers, chat first and its relay."""
