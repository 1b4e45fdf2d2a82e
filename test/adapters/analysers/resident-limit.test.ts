import { expect, it } from 'vitest'
import { residentLimitMb } from '../../../src/adapters/analysers/host.ts'

const gibibyte = 2 ** 30

it.each([
  ['no limit', 0, 1024],
  ['no limit, as a cgroup of version 1 says it', 2 ** 63, 1024],
  ['V2’s 2 GiB', 2 * gibibyte, 1024],
  ['V1’s 1 GiB', gibibyte, 768],
  ['a quarter of one', gibibyte / 4, 128],
])('in a container with %s the analysers are stopped before the container is', (_, bytes, mb) => {
  expect(residentLimitMb(bytes)).toBe(mb)
})
