"""How right the diagnosis is on the scenario suite: precision and recall per finding, and time to detect.

    python -m bench.scenarios

One case is one phase of one scenario in one variant. What a phase may tell, but need not, counts for neither side. The
time to detect is counted in polls after the hold time, from the first poll of the phase in which the condition begins.
"""

import argparse
import statistics
from collections import Counter, defaultdict

from tests.scenarios.judge import expected, judge
from tests.scenarios.traces import STORIES, VARIANTS


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    right: Counter[str] = Counter()
    false: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    late: dict[str, list[int]] = defaultdict(list)
    cases = 0
    for name in STORIES:
        for variant in VARIANTS:
            verdict = judge(name, variant)
            before: set[str] = set()
            for phase, stated in expected(name, variant).items():
                cases += 1
                fired = verdict.phases[phase].fires
                must, may = set(stated["fires"]), set(stated.get("may", ()))
                right.update(must & fired.keys())
                missed.update(must - fired.keys())
                false.update(fired.keys() - must - may)
                for kind in (must & fired.keys()) - before:
                    late[kind].append(fired[kind])
                before = set(fired)
    print(f"{len(STORIES)} scenarios x {len(VARIANTS)} variants, {cases} phases")
    print(f"{'finding':26} {'right':>6} {'false':>6} {'missed':>6} {'precision':>9} {'recall':>7}  polls to detect")
    for kind in sorted(right | false | missed):
        told, due = right[kind] + false[kind], right[kind] + missed[kind]
        precision = f"{right[kind] / told:.3f}" if told else "-"
        recall = f"{right[kind] / due:.3f}" if due else "-"
        delays = late[kind]
        spread = f"median {statistics.median(delays):g}, most {max(delays)}" if delays else "-"
        print(f"{kind:26} {right[kind]:6} {false[kind]:6} {missed[kind]:6} {precision:>9} {recall:>7}  {spread}")


if __name__ == "__main__":
    main()
