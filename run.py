#!/usr/bin/env python3
"""Run Elbowroom from its source tree: makes .venv, installs into it what is needed, then starts the program.

    python3 run.py                start it (or its demo, where neither Ollama nor Open WebUI answers)
    python3 run.py ARGUMENTS      the same as `elbowroom ARGUMENTS`
    python3 run.py test [...]     all tests that this machine can run; further arguments go to pytest

Any Python from 2.7 on can read this file: an old one looks for a newer one, or says what is needed and what to type.
What is done then stands in from_source, and uses the standard library alone.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True  # nothing outside .venv is touched

if __name__ == "__main__":
    from from_source.newer import become_new_enough

    become_new_enough(sys.argv[1:])

    from from_source.start import main

    main(sys.argv[1:])
