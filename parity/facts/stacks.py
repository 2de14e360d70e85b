"""The stacks: https://devcenter.heroku.com/articles/stack and github.com/heroku/base-images."""

DEFAULT = "heroku-26"
SUPPORTED = ("heroku-22", "heroku-24", "heroku-26")
END_OF_LIFE = ("cedar", "cedar-14", "heroku-16", "heroku-18", "heroku-20")
