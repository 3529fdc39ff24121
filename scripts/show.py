"""Print articles with their layers marked.

The same as `wirecopy show`; `python scripts/show.py --help` tells more.
"""

import sys

from wirecopy.cli import main

if __name__ == "__main__":
    sys.exit(main(["show", *sys.argv[1:]]))
