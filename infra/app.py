#!/usr/bin/env python3
"""Writes the CloudFormation templates of one environment or of all.

Needs neither credentials nor a network; the CDK's command line calls it for diff and deploy.
"""

import argparse
import sys

from assembly import ImageError, add_environment, new_app
from settings.load import SettingsError, load, names


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", help="one of " + ", ".join(names()) + "; all if not given")
    parser.add_argument(
        "--image", required=True, help="sha256:<digest>, or the commit that is its tag"
    )
    parser.add_argument("--output", help="directory for the templates")
    options = parser.parse_args(arguments)
    chosen = [options.environment] if options.environment else names()
    try:
        app = new_app(options.output)
        for name in chosen:
            add_environment(app, load(name), options.image)
    except (SettingsError, ImageError) as error:
        print(error, file=sys.stderr)
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
