"""Make a password's hash for sign-in.toml: `python -m deploy.issuer.password` asks for it and prints the hash."""

import sys
from getpass import getpass

from deploy.issuer.passwords import hashed

if __name__ == "__main__":
    sys.stdout.write(hashed(getpass()) + "\n")
