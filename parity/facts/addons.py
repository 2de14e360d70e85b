"""Config vars that add-ons set: https://elements.heroku.com/addons (documented)."""

from collections.abc import Mapping
from typing import NamedTuple


class AddOn(NamedTuple):
    """An add-on; `plan` is the argument of `heroku addons:create`."""

    name: str
    plan: str


_POSTGRES = AddOn("Heroku Postgres", "heroku-postgresql:essential-0")
_REDIS = AddOn("Heroku Key-Value Store", "heroku-redis:mini")

ADD_ONS: Mapping[str, AddOn] = {
    "DATABASE_URL": _POSTGRES,
    "REDIS_URL": _REDIS,
    "REDIS_TLS_URL": _REDIS,
    "REDISCLOUD_URL": AddOn("Redis Cloud", "rediscloud:30"),
    "MEMCACHIER_SERVERS": AddOn("MemCachier", "memcachier:dev"),
    "MEMCACHEDCLOUD_SERVERS": AddOn("Memcached Cloud", "memcachedcloud:30"),
    "MONGODB_URI": AddOn("a MongoDB add-on", "ormongo"),
    "MONGOLAB_URI": AddOn("a MongoDB add-on", "ormongo"),
    "CLEARDB_DATABASE_URL": AddOn("ClearDB MySQL", "cleardb:ignite"),
    "JAWSDB_URL": AddOn("JawsDB MySQL", "jawsdb:kitefin"),
    "CLOUDAMQP_URL": AddOn("CloudAMQP", "cloudamqp:lemur"),
    "KAFKA_URL": AddOn("Apache Kafka on Heroku", "heroku-kafka:basic-0"),
    "BONSAI_URL": AddOn("Bonsai Elasticsearch", "bonsai:sandbox"),
    "SEARCHBOX_URL": AddOn("SearchBox Elasticsearch", "searchbox"),
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
