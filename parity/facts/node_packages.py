"""Commands of npm packages, and the built-in modules of Node.js.

The packages' own pages on https://www.npmjs.com, https://nodejs.org/api/ (documented).
"""

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "tsc": "typescript",
    "tsserver": "typescript",
    "ng": "@angular/cli",
    "nest": "@nestjs/cli",
    "babel": "@babel/cli",
    "babel-node": "@babel/node",
    "webpack": "webpack-cli",
    "webpack-dev-server": "webpack-dev-server",
    "vue-cli-service": "@vue/cli-service",
    "sequelize": "sequelize-cli",
    "prisma": "prisma",
    "dotenv": "dotenv-cli",
    "pm2-runtime": "pm2",
    "nf": "foreman",
    "gulp": "gulp-cli",
    "grunt": "grunt-cli",
    "env-cmd": "env-cmd",
    "run-s": "npm-run-all",
    "run-p": "npm-run-all",
    "swc": "@swc/cli",
    "svelte-kit": "@sveltejs/kit",
    "remix-serve": "@remix-run/serve",
    "remix": "@remix-run/dev",
    "medusa": "@medusajs/cli",
    "strapi": "@strapi/strapi",
    "expo": "expo",
    "astro": "astro",
    "tailwindcss": "@tailwindcss/cli",
}
"""Command → package, where the names differ."""

DEVELOPMENT = frozenset("nodemon ts-node-dev tsx ts-node babel-node node-dev supervisor".split())
"""Commands that restart or translate an app during development; a dyno needs none of them."""

COMPILES = (
    r"(?:npx\s+|yarn\s+(?:run\s+)?|pnpm\s+(?:exec\s+)?)?"
    r"(?:tsc|tsup|esbuild|rollup|babel|swc|gulp|grunt|webpack(?!\s+serve)"
    r"|(?:vite|next|nest|ng|nuxi?t?|astro|remix|gatsby|vue-cli-service|react-scripts|parcel)"
    r"\s+build)(?=\s|$)"
)
"""The beginning of a command that compiles or bundles an app (each tool's own documentation)."""

DEV_SERVERS: Mapping[str, str] = {
    "webpack-dev-server": "webpack",
    "vite": "vite build",
    "ng": "ng build",
    "vue-cli-service": "vue-cli-service build",
    "react-scripts": "react-scripts build",
    "parcel": "parcel build",
    "live-server": "",
    "browser-sync": "",
    "lite-server": "",
}
"""Servers for development → the command that builds what they serve, empty if nothing is built."""

BUILT_IN = frozenset(
    "assert async_hooks buffer child_process cluster console crypto dgram diagnostics_channel dns"
    " events fs http http2 https inspector module net os path perf_hooks process punycode"
    " querystring readline repl sqlite stream string_decoder test timers tls tty url util v8 vm"
    " wasi worker_threads zlib".split()
)
"""The built-in modules of Node.js."""

NOT_FROM_NPM = frozenset(
    "gunicorn uvicorn flask django-admin celery bundle rails rake puma php java".split()
)
"""Commands of other languages, which no npm package provides."""
