#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.10"
# dependencies = ["neverstale==0.3.0.dev0+2820f840"]
# [tool.uv.sources]
# neverstale = { path = "neverstale-0.3.0.dev0+2820f840-py3-none-any.whl" }
# ///
"""Start neverstale: ``uv run --script tools/neverstale.py VERB``. Kept by the template."""

import _signal  # built in: the imports of `signal` could be interrupted, with a traceback
import sys

_signal.signal(_signal.SIGINT, _signal.SIG_DFL)
del sys.path[0]  # this file is called like the package

from neverstale.__main__ import main  # noqa: E402

sys.exit(main())
