import type { Server } from 'node:net'

/** Resolves once the server takes connections; rejects when it cannot, as where the port is taken. */
export function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}
