"""`python -m maxwatt`."""

import sys

from maxwatt.cli import main

sys.exit(main())
