"""The stacks: https://devcenter.heroku.com/articles/stack and github.com/heroku/base-images."""

DEFAULT = "heroku-26"
SUPPORTED = ("heroku-22", "heroku-24", "heroku-26")
END_OF_LIFE = ("cedar", "cedar-14", "heroku-16", "heroku-18", "heroku-20")

LOCALES = frozenset({"C", "POSIX", "C.utf8", "en_US.utf8"})
"""The locales of the stack images, as glibc compares their names: the setup.sh of
github.com/heroku/base-images for heroku-24 (observed)."""
