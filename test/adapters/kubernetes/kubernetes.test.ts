// One file to vitest, so that the client and the manifests are read once for all of these.
import './refusals.ts'
import './deployer.ts'
import './lease.ts'
import './pod.ts'
import './turns.ts'
