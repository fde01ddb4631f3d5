"""`script/demo`: prepare, load, tell the story, and keep serving.

script/demo            then serves on 127.0.0.1:8000 until stopped
script/demo --once     ends after the story
script/demo --all      loads all 23,570 customers (needs the extra `full-demo`)
script/demo --code dpo prints the code that opens the console, and ends
"""

import argparse
import sys
import time
from pathlib import Path

from api.demo import tour
from api.demo.accounts import ROLES, Accounts, DemoError
from api.demo.api_client import ApiClient
from api.demo.installation import prepare, serving, settings_of
from api.demo.loading import load_customers
from api.demo.people import ExtraMissingError
from api.demo.story import Story
from registry.actors import Role
from registry.errors import RegistryError


def main() -> int:
    """Run the demo; 0 = every step of the story went as the law asks."""
    parser = argparse.ArgumentParser(
        prog="script/demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--once", action="store_true", help="end after the story")
    parser.add_argument("--all", action="store_true", help="load all customers of the data set")
    parser.add_argument("--home", type=Path, default=Path("var"), help="where everything is kept (default: var)")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    codes = [role.value for role in ROLES]
    parser.add_argument("--code", choices=codes, help="print a code of the second factor and end")
    options = parser.parse_args()
    if options.code:
        return _print_code(options.home, Role(options.code))
    settings = settings_of(options.home, options.port)
    began = time.monotonic()
    try:
        print(f"Preparing an installation under {options.home}/ (SQLite file, local key file) …", flush=True)
        credentials = prepare(settings)
        with serving(settings) as address:
            print(f"Serving on {address}", flush=True)
            api = ApiClient(address, credentials.clients)
            load_customers(api, full=options.all)
            Story(api, settings, credentials).tell()
            print(f"\nThe whole story held, in {time.monotonic() - began:.0f} seconds.")
            if not options.once:
                tour.show(api, settings, credentials)
                _wait_for_the_end()
    except (DemoError, ExtraMissingError, RegistryError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _print_code(home: Path, role: Role) -> int:
    accounts = Accounts.read(home)
    if accounts is None:
        print("demo: nothing was prepared here yet", file=sys.stderr)
        return 1
    print(accounts.code(role))
    return 0


def _wait_for_the_end() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
