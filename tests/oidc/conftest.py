"""Against panva's certified `oidc-provider`, which needs Node: only `make test-oidc` collects this folder.

make test-oidc                     # installs the provider as package-lock.json says, signs in against it
make test-oidc ARGS="-k rotated"   # some of it
"""

from __future__ import annotations

import os

MODULES = os.environ.get("OIDC_PROVIDER_MODULES", "")
collect_ignore_glob = [] if MODULES else ["test_*.py"]
