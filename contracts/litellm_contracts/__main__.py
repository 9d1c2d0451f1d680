"""`python -m litellm_contracts` is `litellm-contracts`."""

from litellm_contracts._cli import run

if __name__ == "__main__":
    run()
