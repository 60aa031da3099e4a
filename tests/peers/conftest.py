"""Against what others have built: policies and estimators give what theirs give on the same data.

These tests need Vowpal Wabbit, MABWiser, bayesianbandits and the Open Bandit Pipeline, which live in an
environment of their own (`.oo/peers`, group `peers`). There this folder is collected, elsewhere it is not.

    make test-peers                                    # makes the environment, runs all of them
    make test-peers ARGS="-k open_bandit"              # some of them
    PYTHONPATH=localstack:. .oo/peers/bin/python -m pytest tests/peers/test_peers_open_bandit.py -k sample
"""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("vowpalwabbit") else ["test_*.py"]
