import { createPrivateKey } from 'node:crypto'

export type PrivateKey =
  | { kind: 'key'; pem: string }
  | { kind: 'none' }
  | { kind: 'problem'; problem: string }

/**
 * The App's key, from a variable or a file. A variable may hold the PEM text with real line ends or with \n
 * written out, or the whole file in base64: shells and secret stores each allow only some of these.
 */
export function readPrivateKey(
  value: string | undefined,
  path: string | undefined,
  readFile: (path: string) => string,
): PrivateKey {
  if (value !== undefined && path !== undefined) {
    return { kind: 'problem', problem: 'PRIVATE_KEY and PRIVATE_KEY_PATH are both set; keep one of them' }
  }
  if (value !== undefined) return check('PRIVATE_KEY', value)
  if (path === undefined) return { kind: 'none' }
  let text: string
  try {
    text = readFile(path)
  } catch {
    return {
      kind: 'problem',
      problem: 'PRIVATE_KEY_PATH names a file that cannot be read; check path and permissions',
    }
  }
  return check('PRIVATE_KEY_PATH', text)
}

function check(name: string, value: string): PrivateKey {
  const unescaped = value
    .trim()
    .replaceAll(String.raw`\n`, '\n')
    .replaceAll('\r', '')
  const pem = unescaped.startsWith('-----BEGIN')
    ? unescaped
    : Buffer.from(unescaped, 'base64').toString('utf8').trim()
  try {
    if (createPrivateKey(pem).asymmetricKeyType === 'rsa') return { kind: 'key', pem }
  } catch {
    // The error would quote parts of the key.
  }
  return {
    kind: 'problem',
    problem: `${name} holds no RSA private key; give the whole .pem file, its line ends as \\n or the file in base64`,
  }
}
