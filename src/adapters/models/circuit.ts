import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel'
import { Fault } from '../../core/fault.ts'

export interface CircuitOptions {
  /** Failures in a row that open the circuit. */
  failures: number
  /** How long it stays open before one call may try, ms. */
  halfOpenAfterMs: number
}

const tripping = new WeakSet<Fault>()

/** Makes this fault count against the circuit. A model that declines or answers nonsense is up, so only some do. */
export function trip(fault: Fault): Fault {
  tripping.add(fault)
  return fault
}

export interface Circuit {
  /** While open, and while another call probes a half-open circuit: throws model-unavailable at once. */
  run<T>(call: () => Promise<T>): Promise<T>
  /** False when `run` would throw at once now. An open circuit whose time is up is only known by trying. */
  closed(): boolean
}

/** One per provider and model. */
export function createCircuits(
  options: CircuitOptions,
  onChange: (name: string, state: 'opened' | 'closed') => void,
) {
  const circuits = new Map<string, CircuitBreakerPolicy>()
  const make = (name: string): CircuitBreakerPolicy => {
    const policy = circuitBreaker(
      handleWhen(error => error instanceof Fault && tripping.has(error)),
      { breaker: new ConsecutiveBreaker(options.failures), halfOpenAfter: options.halfOpenAfterMs },
    )
    policy.onBreak(() => onChange(name, 'opened'))
    policy.onReset(() => onChange(name, 'closed'))
    circuits.set(name, policy)
    return policy
  }
  return (name: string): Circuit => {
    const policy = circuits.get(name) ?? make(name)
    const broken = () =>
      new Fault('model-unavailable', `${name}: circuit open after repeated failures`, { retry: 'later' })
    return {
      closed: () => policy.state === CircuitState.Closed,
      async run(call) {
        // Cockatiel lets others wait for the probe's outcome; a review has a fallback and no time.
        if (policy.state === CircuitState.HalfOpen) throw broken()
        try {
          return await policy.execute(call)
        } catch (error) {
          throw error instanceof BrokenCircuitError ? broken() : error
        }
      },
    }
  }
}
