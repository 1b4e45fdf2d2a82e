import { readFileSync } from 'node:fs'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { estimateTokens } from '../../../src/core/review/tokens.ts'

const root = new URL('../../../', import.meta.url)
const ofFile = (path: string) => readFileSync(new URL(path, root), 'utf8').slice(0, 60_000)
const languages: [string, string][] = [
  ['Russian prose', 'Проверка запроса на слияние не нашла ошибок в изменённых строках файла. '.repeat(20)],
  ['Japanese prose', '変更された行に問題は見つかりませんでした。レビューを続けます。'.repeat(20)],
  ['emoji', '🚀 done ✅ '.repeat(50)],
  ['hexadecimal', 'd41d8cd98f00b204e9800998ecf8427e '.repeat(40)],
]
const files = [
  'src/core/review/patch.ts',
  'src/ports/model.ts',
  'package-lock.json',
  'README.md',
  'src/adapters/models/prices.json',
  'node_modules/zod/v4/core/schemas.js',
  'node_modules/openai/client.js',
  'node_modules/zod/v4/locales/ja.js',
]

describe('estimateTokens', () => {
  const samples = [
    ...languages,
    ...files.flatMap((path): [string, string][] => {
      try {
        return [[path, ofFile(path)]]
      } catch {
        return []
      }
    }),
  ]
  it.each(samples)('lies within 0.75 to 1.6 times a real tokenizer for %s', (_, text) => {
    const ratio = estimateTokens(text) / countTokens(text)
    expect(ratio).toBeGreaterThan(0.75)
    expect(ratio).toBeLessThan(1.6)
  })

  it.each([
    ['', 0],
    ['a', 1],
  ])('%j is %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens)
  })
})
