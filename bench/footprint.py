"""Predicted memory against what real runners reported, beside Ollama's own estimate: `python bench/footprint.py`.

The recordings are in tests/recordings. Ollama's estimate is the one that decides whether it evicts (server/sched.go at
v0.32.15).
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.core.fit.need import Offload, need
from tray_app.core.fit.shape import decode_show
from tray_app.core.fit.verdict import Loading, ollama_estimate
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.units import MIB

RECORDINGS = Path(__file__).parents[1] / "tests" / "recordings"
OLLAMA = RECORDINGS / "ollama-0.32.15"
LLAMA_CPP = RECORDINGS / "llama.cpp-b10434" / "shapes.jsonl"


def shapes() -> dict[str, tuple[ModelShape, int]]:
    """Shape and size on disk of each recorded model."""
    made = {}
    for entry in json.loads((OLLAMA / "tags.json").read_text())["models"]:
        path = OLLAMA / "show" / f"{entry['name'].replace(':', '_')}.json"
        if path.exists():
            shape = decode_show(json.loads(path.read_text()), entry["size"])
            if shape is None:
                raise ValueError(path)
            made[entry["name"]] = shape, entry["size"]
    return made


def totals() -> None:
    """One line per measured total."""
    known, ours, theirs = shapes(), [], []
    words = ("context", "batch", "slots", "kv", "real MiB", "ours", "error", "Ollama")
    widths = (8, 6, 6, 6, 9, 9, 9, 9)
    print(f"{'model':14}" + "".join(f"{word:>{width}}" for word, width in zip(words, widths, strict=True)))
    for row in json.loads((OLLAMA / "measured.json").read_text()):
        shape, size = known[row["model"]]
        way = Loading(row["context"], row["parallel"], row["kv_cache_type"], 512)
        counted = need(
            shape,
            context=row["context"],
            parallel=row["parallel"],
            kv_cache_type=row["kv_cache_type"],
            micro_batch=row["micro_batch"],
            offload=Offload.CPU,
        )
        real = row["total_mib"]
        error = counted.total / MIB / real - 1
        peer = ollama_estimate(shape, way, size) / MIB / real - 1
        ours.append(abs(error))
        theirs.append(abs(peer))
        print(
            f"{row['model']:14}{row['context']:8}{row['micro_batch']:6}{row['parallel']:6}{row['kv_cache_type']:>6}"
            f"{real:9.0f}{counted.total / MIB:9.1f}{error:9.2%}{peer:9.1%}"
        )
    print(f"{len(ours)} totals of real runners: ours median {median(ours):.3%}, worst {max(ours):.2%}; ", end="")
    print(f"Ollama's estimate median {median(theirs):.1%}, worst {max(theirs):.0%}")


def parts() -> None:
    """One line per architecture: how far cache, state and compute are off, at the worst context."""
    compute: list[float] = []
    cache: list[float] = []
    print(f"{'shape':20}{'KV cache':>10}{'state':>10}{'compute':>10}   worst error over its contexts")
    for entry in map(json.loads, LLAMA_CPP.read_text().splitlines()):
        worst = _worst(entry)
        cache.append(max(worst[0], worst[1]))
        compute.append(worst[2])
        print(f"{entry['name']:20}{worst[0]:10.2%}{worst[1]:10.2%}{worst[2]:10.2%}")
    print(f"{len(cache)} shapes: cache and state worst {max(cache):.2%}; ", end="")
    print(f"compute median {median(compute):.2%}, worst {max(compute):.1%}")


def _worst(entry: dict[str, Any]) -> tuple[float, float, float]:
    # Ollama answers arrays as null; the tensors must tell.
    info = {key: None if isinstance(value, list) else value for key, value in entry["model_info"].items()}
    shape = decode_show({"model_info": info, "tensors": entry["tensors"]}, 1)
    if shape is None:
        raise ValueError(entry["name"])
    errors = [(0.0, 0.0, 0.0)]
    for row in entry["measured"]:
        if row["parallel"] > 1 and shape.single_sequence:
            continue
        counted = need(
            shape,
            context=row["context"],
            parallel=row["parallel"],
            micro_batch=row["micro_batch"],
            offload=Offload.CPU,
        )
        errors.append(
            (
                _off(counted.kv_cache_bytes, row["kv_cache_mib"]),
                _off(counted.state_bytes, row["state_mib"]),
                _off(counted.compute_bytes, row["compute_mib"]),
            )
        )
    return max(one[0] for one in errors), max(one[1] for one in errors), max(one[2] for one in errors)


def _off(counted: int, mib: float) -> float:
    """Rounded to the 0.01 MiB that the runner prints."""
    return abs(round(counted / MIB, 2) / mib - 1) if mib else float(counted > 0)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    totals()
    print()
    parts()
    return 0


if __name__ == "__main__":
    sys.exit(main())
