"""Run ``python -m jupyter_jobsub.cli`` like ``jupyter jobsub``."""

import sys

from .app import main

if __name__ == "__main__":
    sys.exit(main())
