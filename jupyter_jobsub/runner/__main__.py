"""The command itself."""

import sys

# "-m" puts the working folder first: a person's json.py or token.py must not replace ours
if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

from jupyter_jobsub.runner.command import main

sys.exit(main())
