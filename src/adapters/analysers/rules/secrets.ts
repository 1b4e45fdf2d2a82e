import { rulesOf } from './rule.ts'

export const secretRules = rulesOf('secretlint', [
  [
    'recognised',
    'critical',
    'security',
    0.93,
    'Credential in the code',
    'Whoever can read the repository can use it. Revoke it, since it stays in the history, and read it from the environment.',
  ],
  [
    'github-token',
    'critical',
    'security',
    0.97,
    'GitHub token in the code',
    'Whoever can read the repository can use it. Revoke it, since it stays in the history, and read it from the environment.',
  ],
  [
    'private-key',
    'critical',
    'security',
    0.93,
    'Private key in the code',
    'Whoever can read the repository can use it. Replace the key pair: the old one stays in the history.',
  ],
  [
    'cloud-key',
    'critical',
    'security',
    0.93,
    'Cloud key in the code',
    'Whoever can read the repository can use it. Revoke it, since it stays in the history, and read it from the environment.',
  ],
  [
    'hard-coded',
    'high',
    'security',
    0.75,
    'Password or key written in the code',
    'Whoever can read the repository can use it. Change it and read it from the environment.',
  ],
])
