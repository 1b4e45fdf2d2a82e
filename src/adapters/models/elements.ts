import { JSONParser } from '@streamparser/json'

/**
 * Reads growing JSON text and hands over each element of the top-level array `key` once it is complete. Never throws:
 * text that is not JSON only stops the handing over, and the validation of the whole answer decides. Text before the
 * first `{` (a code fence, a greeting) is skipped.
 */
export function elementsOf(key: string, onElement: (element: unknown) => void): (text: string) => void {
  const parser = new JSONParser({ paths: [`$.${key}.*`], keepStack: false })
  let broken = false
  let begun = false
  parser.onValue = ({ value, stack }) => {
    // `*` also matches the members of an object; only an array has numbered elements.
    if (stack.length !== 2 || broken) return
    try {
      onElement(structuredClone(value))
    } catch {
      broken = true
    }
  }
  parser.onError = () => {
    broken = true
  }
  return text => {
    if (broken || parser.isEnded) return
    const from = begun ? 0 : text.indexOf('{')
    if (from < 0) return
    begun = true
    try {
      parser.write(from === 0 ? text : text.slice(from))
    } catch {
      broken = true
    }
  }
}
