"""Commands that change a database's schema or fill it with data.

Each tool's own documentation of its commands (documented); the names of scripts are ours.
"""

TOOLS = (
    r"(?:manage\.py|django-admin|-m\s+django)\s(?:.*\s)?(?:migrate|syncdb|flush|loaddata)\b",
    r"\bflask\s(?:.*\s)?(?:db\s+(?:upgrade|downgrade|stamp)|init-db)\b",
    r"\balembic\s(?:.*\s)?(?:upgrade|downgrade|stamp)\b",
    r"\baerich\s+(?:upgrade|downgrade|init-db)\b",
    r"\bprisma\s+(?:migrate\s+(?:deploy|dev|reset)|db\s+(?:push|seed|execute))\b",
    r"\bsequelize(?:-cli)?\s+db:(?:migrate|seed|create|drop)",
    r"\bknex\s(?:.*\s)?(?:migrate:(?:latest|up|down|rollback)|seed:run)\b",
    r"\btypeorm\S*\s(?:.*\s)?(?:migration:(?:run|revert)|schema:(?:sync|drop))\b",
    r"\bdrizzle-kit\s+(?:push|migrate)\b",
    r"\bmikro-orm\s+(?:migration:(?:up|down|fresh)|schema:(?:create|update|drop|fresh))\b",
    r"\b(?:node-pg-migrate|migrate-mongo|db-migrate|dbmate|goose|yoyo)\s(?:.*\s)?(?:up|down|apply)\b",
    r"\b(?:flyway\s(?:.*\s)?migrate|liquibase\s(?:.*\s)?update|sqitch\s+deploy)\b",
    r"\b(?:rake|rails)\s(?:.*\s)?db:(?:migrate|setup|prepare|seed|schema:load|reset)\b",
)
"""Patterns of a migration tool's command."""

NAMED = (
    r"(?:^|\s)(?:\S*/)?[\w.:-]*"
    r"(?:migrat|init[_-]?db|create[_-]?(?:db|tables)|db[_-]?(?:init|push|setup)|seed)[\w.:-]*$"
)
"""The pattern of a script's name that says that it prepares a database."""
