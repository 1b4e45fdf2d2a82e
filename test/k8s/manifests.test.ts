// One file to vitest, so that the manifests are read once for all of these.
import './rendered.ts'
import './figures.ts'
import './hardening.ts'
import './reachability.ts'
import './rights.ts'
import './targets.ts'
import './wiring.ts'
