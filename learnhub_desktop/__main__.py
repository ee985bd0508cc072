"""`python -m learnhub_desktop` opens the window."""

import sys

from learnhub_desktop.app import main

sys.exit(main())
