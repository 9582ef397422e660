"""trackio keeps everything in one folder, which it reads from the environment when it is imported:
here that is one of the test run's own.
"""

import os
from tempfile import mkdtemp

os.environ["TRACKIO_DIR"] = mkdtemp(prefix="trackio-of-tests-")
