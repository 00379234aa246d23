#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.10"
# dependencies = ["neverstale==0.3.0.dev0+580ed22f"]
# [tool.uv.sources]
# neverstale = { path = "neverstale-0.3.0.dev0+580ed22f-py3-none-any.whl" }
# ///
"""Start neverstale: ``uv run --script tools/neverstale.py VERB``. Kept by the template."""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback before there is anything to say
del sys.path[0]  # this file is called like the package

from neverstale.__main__ import main  # noqa: E402

sys.exit(main())
