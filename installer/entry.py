"""Where the frozen program starts: the same command line as `silian`."""

import multiprocessing
import sys

from desktop_app.main import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
