// The part of SARIF 2.1.0 that Cupel writes, after the prose of the standard (sections 3.13 to 3.58): closed, so that
// a property the standard does not know, or one that Cupel starts to write, fails the test.
const object = (required: string[], properties: Record<string, object>): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const text = { type: 'string', minLength: 1 }
const message = object(['text'], { text })
const index = { type: 'integer', minimum: 0 }
const line = { type: 'integer', minimum: 1 }
const locations = {
  type: 'array',
  items: object(['physicalLocation'], {
    physicalLocation: object(['artifactLocation'], {
      artifactLocation: object(['uri'], {
        // RFC 3986: a relative reference without scheme, blanks or characters that must be escaped.
        uri: {
          type: 'string',
          pattern: "^(\\./)?[A-Za-z0-9._~!$&'()*+,;=@%/-][A-Za-z0-9._~!$&'()*+,;=:@%/-]*$",
        },
      }),
      region: object(['startLine', 'endLine'], { startLine: line, endLine: line }),
    }),
  }),
}

export const sarifSchema = object(['version', 'runs'], {
  $schema: text,
  version: { const: '2.1.0' },
  runs: {
    type: 'array',
    items: object(['tool', 'results'], {
      tool: object(['driver'], {
        driver: object(['name'], {
          name: text,
          semanticVersion: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+' },
          rules: {
            type: 'array',
            uniqueItems: true,
            items: object(['id'], { id: text, shortDescription: message }),
          },
        }),
      }),
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      invocations: {
        type: 'array',
        items: object(['executionSuccessful'], {
          executionSuccessful: { type: 'boolean' },
          toolExecutionNotifications: {
            type: 'array',
            items: object(['message'], {
              level: { enum: ['none', 'note', 'warning', 'error'] },
              message,
              locations,
            }),
          },
        }),
      },
      results: {
        type: 'array',
        items: object(['message'], {
          ruleId: text,
          ruleIndex: index,
          level: { enum: ['none', 'note', 'warning', 'error'] },
          message,
          rank: { type: 'number', minimum: 0, maximum: 100 },
          properties: { type: 'object' },
          locations,
          partialFingerprints: { type: 'object', additionalProperties: { type: 'string' } },
        }),
      },
    }),
  },
})
