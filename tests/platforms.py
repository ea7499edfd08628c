"""What Windows does not have, as marks that say why a test is left out there."""

from __future__ import annotations

import os
import sys

import pytest

#: A process that sends itself SIGINT there is ended by it; SIGKILL and SIGALRM do not exist.
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX signals")
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators alone")
needs_devices = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes and no /dev")
