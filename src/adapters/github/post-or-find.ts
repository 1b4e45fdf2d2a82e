import { Fault } from '../../core/fault.ts'

/** A write whose answer was lost may have happened: it is looked for, and never sent again blindly. */
export async function postOrFind<T>(post: () => Promise<T>, find: () => Promise<T | null>): Promise<T> {
  try {
    return await post()
  } catch (error) {
    if (!(error instanceof Fault) || !error.ambiguous) throw error
    const found = await find()
    if (found === null) throw error
    return found
  }
}
