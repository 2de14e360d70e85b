"""What Heroku shows and why: a rule looks at one record and yields evidence, or nothing."""
