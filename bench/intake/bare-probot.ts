// Run as a process of its own: Probot 14 as its documentation sets it up, with a handler that does nothing.
import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import { pino } from 'pino'
import { Probot, Server } from 'probot'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const log = pino({ level: 'fatal' })
const server = new Server({
  host: '127.0.0.1',
  port: Number(process.env['PORT']),
  log,
  Probot: Probot.defaults({
    appId: 1,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    secret: process.env['WEBHOOK_SECRET'] ?? '',
    log,
  }),
})
await server.load(app => {
  app.on('pull_request', () => {})
})
await server.start()
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
