import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Before the first import of numpy. Its matrix products here take 20 microseconds; shared out to a second thread they take up to
a hundred times as long on a busy machine, because the threads wait for each other by spinning."""
