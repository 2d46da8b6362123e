"""`python -m media.hub`."""

import sys

from media.hub.process import main

if __name__ == "__main__":
    sys.exit(main())
