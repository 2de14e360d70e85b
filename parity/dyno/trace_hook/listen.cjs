// Loaded first by every Node.js process of a traced dyno (see parity/dyno/trace.py).
'use strict'

const fs = require('fs')
const net = require('net')
const path = require('path')
const { fileURLToPath } = require('url')

const report = process.env.PARITY_TRACE
const DEEPEST = 100

function frames(below) {
  const before = [Error.prepareStackTrace, Error.stackTraceLimit]
  const holder = {}
  Error.prepareStackTrace = (_, sites) => sites
  Error.stackTraceLimit = DEEPEST
  Error.captureStackTrace(holder, below)
  const sites = holder.stack
  ;[Error.prepareStackTrace, Error.stackTraceLimit] = before
  return sites.map(frame).filter(Boolean)
}

function frame(site) {
  let file = site.getFileName()
  if (!file || file.startsWith('node:')) return null
  if (file.startsWith('file://')) file = fileURLToPath(file)
  if (!path.isAbsolute(file)) return null
  return [file, site.getLineNumber() || 0, site.getColumnNumber(), site.getFunctionName() || '']
}

function tell(host, port, stack) {
  const event = { kind: 'bind', host, port, frames: stack }
  try {
    fs.appendFileSync(report, JSON.stringify(event) + '\n', { mode: 0o600 })
  } catch {
    // The app must not notice that it is traced.
  }
}

if (report) {
  const listen = net.Server.prototype.listen
  net.Server.prototype.listen = function (...args) {
    const stack = frames(net.Server.prototype.listen)
    this.once('listening', () => {
      const bound = this.address()
      if (bound && typeof bound === 'object') tell(bound.address, bound.port, stack)
    })
    return listen.apply(this, args)
  }
}
