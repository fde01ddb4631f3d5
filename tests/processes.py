"""The environment of a process that a test starts and does not measure: tracing would only slow it down."""

import os


def unmeasured() -> dict[str, str]:
    """This process's environment without what makes a Python of its own measure coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
