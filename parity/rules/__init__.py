"""The rules: each looks at one record and explains what Heroku shows for it, and why."""
