"""Config vars that add-ons set: https://elements.heroku.com/addons (documented)."""

import re
from collections.abc import Mapping
from typing import NamedTuple


class AddOn(NamedTuple):
    """An add-on; `plan` is the argument of `heroku addons:create`.

    `port` is the usual one of its service, empty if it has none; `under` is the attachment's name
    (`--as`), if it is not the default.
    """

    name: str
    plan: str
    port: str = ""
    under: str = ""


_POSTGRES = AddOn("Heroku Postgres", "heroku-postgresql:essential-0", "5432")
_REDIS = AddOn("Heroku Key-Value Store", "heroku-redis:mini", "6379")
_KAFKA = AddOn("Apache Kafka on Heroku", "heroku-kafka:basic-0", "9092")

ADD_ONS: Mapping[str, AddOn] = {
    "DATABASE_URL": _POSTGRES,
    "REDIS_URL": _REDIS,
    "REDIS_TLS_URL": _REDIS,
    "REDISCLOUD_URL": AddOn("Redis Cloud", "rediscloud:30", "6379"),
    "MEMCACHIER_SERVERS": AddOn("MemCachier", "memcachier:dev", "11211"),
    "MEMCACHEDCLOUD_SERVERS": AddOn("Memcached Cloud", "memcachedcloud:30", "11211"),
    "MONGODB_URI": AddOn("a MongoDB add-on", "ormongo", "27017"),
    "MONGOLAB_URI": AddOn("a MongoDB add-on", "ormongo", "27017"),
    "CLEARDB_DATABASE_URL": AddOn("ClearDB MySQL", "cleardb:ignite", "3306"),
    "JAWSDB_URL": AddOn("JawsDB MySQL", "jawsdb:kitefin", "3306"),
    "CLOUDAMQP_URL": AddOn("CloudAMQP", "cloudamqp:lemur", "5672"),
    "KAFKA_URL": _KAFKA,
    "BONSAI_URL": AddOn("Bonsai Elasticsearch", "bonsai:sandbox", "9200"),
    "SEARCHBOX_URL": AddOn("SearchBox Elasticsearch", "searchbox", "9200"),
    "SENDGRID_USERNAME": AddOn("SendGrid", "sendgrid:starter"),
    "SENDGRID_API_KEY": AddOn("SendGrid", "sendgrid:starter"),
    "MAILGUN_SMTP_SERVER": AddOn("Mailgun", "mailgun:starter"),
    "CLOUDINARY_URL": AddOn("Cloudinary", "cloudinary:starter"),
    "BUCKETEER_BUCKET_NAME": AddOn("Bucketeer", "bucketeer:hobbyist"),
    "PAPERTRAIL_API_TOKEN": AddOn("Papertrail", "papertrail:choklad"),
    "NEW_RELIC_LICENSE_KEY": AddOn("New Relic APM", "newrelic:wayne"),
    "FIXIE_URL": AddOn("Fixie", "fixie:tricycle"),
    "QUOTAGUARDSTATIC_URL": AddOn("QuotaGuard Static", "quotaguardstatic:starter"),
}
"""Add-ons by the config var of their first attachment."""

_ATTACHED = re.compile(r"(HEROKU_(POSTGRESQL|REDIS|KAFKA)_[A-Z]+)_(?:TLS_)?URL")
"""The config var of a further attachment, which is named after a colour:
https://devcenter.heroku.com/articles/managing-add-ons (documented)."""

_BY_SERVICE = {"POSTGRESQL": _POSTGRES, "REDIS": _REDIS, "KAFKA": _KAFKA}


def add_on(variable: str) -> AddOn | None:
    """Return the add-on that sets a config var, or None."""
    match = _ATTACHED.fullmatch(variable)
    if match is None:
        return ADD_ONS.get(variable)
    return _BY_SERVICE[match[2]]._replace(under=match[1])
