"""Invented values for what `heroku labs:enable runtime-dyno-metadata` adds to an environment.

https://devcenter.heroku.com/articles/dyno-metadata (documented).
"""

from hashlib import sha1
from time import gmtime, strftime
from uuid import NAMESPACE_DNS, uuid4, uuid5


def variables(domain: str, commit: str | None) -> dict[str, str]:
    """Return the variables of a first release of an app whose default domain is `domain`.

    The same app has the same id and name in every run; without git, the commit is invented, too.
    """
    commit = commit or sha1(domain.encode(), usedforsecurity=False).hexdigest()
    return {
        "HEROKU_APP_ID": str(uuid5(NAMESPACE_DNS, domain)),
        "HEROKU_APP_NAME": domain.partition(".")[0].rpartition("-")[0] or domain.partition(".")[0],
        "HEROKU_APP_DEFAULT_DOMAIN_NAME": domain,
        "HEROKU_DYNO_ID": str(uuid4()),
        "HEROKU_RELEASE_CREATED_AT": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()),
        "HEROKU_RELEASE_VERSION": "v1",
        "HEROKU_SLUG_COMMIT": commit,
        "HEROKU_SLUG_DESCRIPTION": f"Deploy {commit[:8]}",
    }
