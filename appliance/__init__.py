"""The box itself: composition, supervision, commands."""

import os

# Before anything imports numpy: the products of one tick are small, and a BLAS that spreads them over threads costs
# the other cores more than it saves this one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
