"""The keys of app.json. https://devcenter.heroku.com/articles/app-json-schema (documented)."""

SCHEMA = "https://devcenter.heroku.com/articles/app-json-schema"
NAME = "app.json"

KEYS = frozenset(
    "$schema name description keywords website repository logo success_url env formation addons"
    " buildpacks scripts environments stack image".split()
)
POSTDEPLOY = "postdeploy"
GENERATOR = "secret"
"""The only generator that exists."""

DEEPEST = 64
"""Deepest nesting of brackets that is parsed (ours); no real app.json comes near it."""
