"""`python3 -m deploy COMMAND`: the baton command from a fresh clone, making its environment first."""

import os
import sys

from deploy import environment

if sys.prefix == str(environment.FOLDER):
    from deploy.cli import main

    sys.exit(main())
python = environment.ensure()
os.execv(python, [str(python), "-m", "deploy", *sys.argv[1:]])  # noqa: S606 - our own command, nothing of a shell
