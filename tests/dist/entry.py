"""Where the single file that ``make dist`` builds begins."""

from __future__ import annotations

import sys

from mockserver.cli import main

sys.exit(main())
