import { collectDefaultMetrics, Counter, Registry } from 'prom-client'

/** The metrics of V1's egress proxy. Refused hosts are counted, never named: whoever asks chooses the name. */
export function egressMetrics(): {
  opened(host: string): void
  refused(reason: string): void
  render(): Promise<string>
  contentType: string
} {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const tunnels = new Counter({
    name: 'v1_egress_tunnels_total',
    help: 'Tunnels opened by allowed host and port.',
    labelNames: ['host'],
    registers,
  })
  const refusals = new Counter({
    name: 'v1_egress_refused_total',
    help: 'Connections that V1 asked for and did not get, by reason.',
    labelNames: ['reason'],
    registers,
  })
  // A series that begins at 1 has never risen, and one refusal is an alert.
  for (const reason of ['malformed', 'not-allowed', 'private-address', 'unreachable', 'plain-http'])
    refusals.inc({ reason }, 0)
  return {
    opened: host => tunnels.inc({ host }),
    refused: reason => refusals.inc({ reason }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
