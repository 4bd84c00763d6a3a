"""`python -m tools.rig`: see main.py."""

import sys

from .main import main

sys.exit(main())
