"""Everything that learns: a deployable of its own (one image, one function per handler). See README.md."""

import os

# Matrices here are 20 by 20. Threads for them cost start-up time and memory and gain nothing; the library
# reads this once, when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
