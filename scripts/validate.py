"""Check articles and corpora against the schema and the rules.

The same as `wirecopy validate`; `python scripts/validate.py --help` tells more.
"""

import sys

from wirecopy.cli import main

if __name__ == "__main__":
    sys.exit(main(["validate", *sys.argv[1:]]))
