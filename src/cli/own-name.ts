import { userInfo } from 'node:os'

/** Who is at the keyboard, as far as the machine knows. */
export function ownName(): string {
  try {
    return userInfo().username
  } catch {
    return 'somebody'
  }
}
