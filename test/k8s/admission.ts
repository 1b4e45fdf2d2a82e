import { Environment } from '@marcbachmann/cel-js'
import type { Manifest } from './objects.ts'

interface PolicySpec {
  matchConditions: { expression: string }[]
  variables: { name: string; expression: string }[]
  validations: { expression: string }[]
}
export interface AdmissionRequest {
  user: string
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  group?: string
  resource: string
  subResource?: string
  object?: unknown
  oldObject?: unknown
}

const environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true })

/** What the API server would answer by this ValidatingAdmissionPolicy: its CEL, evaluated as there. */
export function admits(policy: Manifest, asked: AdmissionRequest): boolean {
  const { matchConditions, variables, validations } = policy.spec as unknown as PolicySpec
  const { user, operation, group = '', resource, subResource, object, oldObject } = asked
  const world: Record<string, unknown> = {
    request: {
      userInfo: { username: user },
      operation,
      resource: { group, resource, version: 'v1' },
      ...(subResource === undefined ? {} : { subResource }),
    },
    object: object ?? null,
    oldObject: oldObject ?? null,
  }
  const says = (expression: string, context: Record<string, unknown>): unknown =>
    environment.evaluate(expression, context) as unknown
  if (!matchConditions.every(({ expression }) => says(expression, world) === true)) return true
  const values: Record<string, unknown> = {}
  for (const { name, expression } of variables)
    values[name] = says(expression, { ...world, variables: values })
  return validations.every(({ expression }) => says(expression, { ...world, variables: values }) === true)
}
