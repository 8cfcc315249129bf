"""Asks real servers all probes and keeps the answers: `python tests/contract/record.py VERSION ...`."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.contract.bench import Bench
from tests.contract.probes import PROBES

RECORDED = Path(__file__).with_name("recorded")


def recorded(version):
    return json.loads((RECORDED / f"{version}.json").read_text(encoding="utf-8"))


def record(version):
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(version, real=True, folder=folder)
        try:
            bench.start()
            found = {probe.__name__: probe(bench) for probe in PROBES}
        finally:
            bench.close()
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
    (RECORDED / f"{version}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", nargs="+")
    for named in parser.parse_args().version:
        record(named)
        print(named)
