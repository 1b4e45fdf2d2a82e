import process from 'node:process'
import { startLocalGitHub, type LocalGitHubOptions } from '../github/server.ts'

// A process of its own: every git command that it starts costs time by the memory of who starts it.
process.once('message', (options: LocalGitHubOptions) => {
  startLocalGitHub(options).then(
    github => {
      process.once('disconnect', () => void github.close().finally(() => process.exit()))
      process.send?.({ url: github.url })
    },
    (error: unknown) => {
      process.send?.({ error: String(error) })
      process.exit(1)
    },
  )
})
