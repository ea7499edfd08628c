"""The version of the code that runs here. What is installed may be another one by now, or known to no installer."""

from __future__ import annotations

import sys
from typing import Final

#: Of the package, which is above all wings, and so imported by none.
OWN_VERSION: Final[str] = sys.modules[__name__.partition(".")[0]].__version__
