import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'

/**
 * Loaded into a process before its own module (--import, with the file's path as `?file=`): writes down every
 * connection it opens, its own port and where to. The environment of the process stays as it is.
 */
const file = new URL(import.meta.url).searchParams.get('file')
if (file === null) throw new Error('no file to write connections to')

const connect = Socket.prototype.connect
Socket.prototype.connect = function (...args: never[]) {
  this.once('connect', () => appendFileSync(file, `${this.localPort} ${this.remotePort}\n`))
  return Reflect.apply(connect, this, args)
}
