"""Turn drafts into articles: find the offsets of their spans.

The same as `wirecopy anchor`; `python scripts/anchor.py --help` tells more.
"""

import sys

from wirecopy.cli import main

if __name__ == "__main__":
    sys.exit(main(["anchor", *sys.argv[1:]]))
