"""The size limits of a compressed slug: https://devcenter.heroku.com/articles/slug-compiler."""

from parity.facts import Fact

ARTICLE = "https://devcenter.heroku.com/articles/slug-compiler#slug-size"
HARD = Fact(500, "MB", "documented", ARTICLE)
SOFT = Fact(300, "MB", "observed", ARTICLE)
ERROR = Fact(0.05, "of the size", "ours", "how far parity's estimate may be off")
PYTHON = Fact(20, "MB", "inferred", "what the slug of a small Python app has, in deploy logs")
