"""`python -m learnhub_desktop.cli` is `learnhub`."""

import sys

from learnhub_desktop.cli import main

sys.exit(main())
