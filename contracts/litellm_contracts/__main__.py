"""`python -m litellm_contracts` is `litellm-contracts`."""

import sys

from litellm_contracts._cli import main

if __name__ == "__main__":
    sys.exit(main())
