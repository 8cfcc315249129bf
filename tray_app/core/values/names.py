"""Names of models: what Ollama takes for the same."""


def same_model(one: str, other: str) -> bool:
    """`qwen3` and `qwen3:latest` are the same model."""
    return full_name(one) == full_name(other)


def full_name(name: str) -> str:
    """With its tag, lower case: Ollama compares names without case."""
    return (name if ":" in name.rpartition("/")[2] else f"{name}:latest").lower()
