#!/usr/bin/env python3
"""Writes the CloudFormation templates of one environment or of all.

It needs neither credentials nor a network. The CDK's command line calls it for diff and deploy, with
`--deployable`: then it refuses example values, and credentials of another account.
"""

import argparse
import os
import sys

from assembly import ImageError, add_environment, new_app
from settings.deployable import obstacles
from settings.load import SettingsError, load, names


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", help="one of " + ", ".join(names()) + "; all if not given")
    parser.add_argument(
        "--image", required=True, help="sha256:<digest>, or the commit that is its tag"
    )
    parser.add_argument("--output", help="directory for the templates")
    parser.add_argument(
        "--deployable", action="store_true", help="refuse what cannot or must not be deployed"
    )
    options = parser.parse_args(arguments)
    chosen = [options.environment] if options.environment else names()
    try:
        environments = [load(name) for name in chosen]
        if options.deployable:
            found = [
                sentence
                for each in environments
                for sentence in obstacles(each, os.environ.get("CDK_DEFAULT_ACCOUNT", ""))
            ]
            if found:
                raise SettingsError("\n".join(found))
        app = new_app(options.output)
        for each in environments:
            add_environment(app, each, options.image)
    except (SettingsError, ImageError) as error:
        print(error, file=sys.stderr)
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
