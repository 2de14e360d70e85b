"""app.json: its keys. https://devcenter.heroku.com/articles/app-json-schema (documented)."""

SCHEMA = "https://devcenter.heroku.com/articles/app-json-schema"
NAME = "app.json"

KEYS = frozenset(
    "$schema name description keywords website repository logo success_url env formation addons"
    " buildpacks scripts environments stack image".split()
)
POSTDEPLOY = "postdeploy"
GENERATOR = "secret"
"""The only generator that there is."""

DEEPEST = 64
"""Levels of brackets that are read: more is no app.json (ours)."""
