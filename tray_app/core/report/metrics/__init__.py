"""What Prometheus may read of one or several Ollamas, as values: names, types, labels, numbers."""
