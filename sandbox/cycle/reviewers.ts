import { uniform } from '../../src/core/sample.ts'
import { smokeSet } from '../../src/core/smoke/set.ts'
import type { Prompt, Reply } from '../models/reply.ts'
import { imagined, kinds, type Kind } from './kinds.ts'
import { wordPattern, type Place } from './pull-requests.ts'

/** How well a pretended model reviews. Shares, 0 to 1. */
export interface Skill {
  /** Of the lines with a defect, those it speaks of. */
  recall: number
  /** Of the others, those it speaks of as well. */
  falseAlarms: number
}

/** What the three models of this life can do. Nothing but its name tells a prompt which one was asked. */
export const skills = {
  /** V2's when it starts. */
  'gpt-6-luna': { recall: 0.6, falseAlarms: 0.08 },
  'gpt-6.1-terra': { recall: 0.995, falseAlarms: 0.001 },
  'gpt-6.1-sol': { recall: 0.4, falseAlarms: 0.25 },
} as const satisfies Record<string, Skill>
export type ModelName = keyof typeof skills

const smokeDefects = smokeSet().flatMap(({ defects }) => defects)

/**
 * A reviewer of that skill. Whether it sees a defect, and where it sees one that is not there, follows from seed, model and
 * line: asked twice it says the same.
 */
export function answerOf(
  seed: string,
  truthOf: (word: string) => Place | undefined,
): (prompt: Prompt) => Reply {
  return ({ model, user }) => {
    const skill = skills[model as ModelName]
    if (skill === undefined) return { kind: 'error', status: 404, message: `no model ${model}` }
    const draw = (what: string): number => uniform(seed, `${model}/${what}`)
    const added = user.split('\n').flatMap(line => /^\d*\+(.*)$/.exec(line)?.[1] ?? [])
    const findings = added.flatMap(text => {
      const place = truthOf(wordPattern.exec(text)?.[1] ?? '')
      if (place === undefined) return []
      if (place.defect !== null)
        return draw(place.word) < skill.recall ? [finding(place, place.defect, draw)] : []
      const dreamt = imagined[Math.floor(draw(`dream/${place.word}`) * imagined.length)] as Kind
      return draw(place.word) < skill.falseAlarms ? [finding(place, dreamt, draw)] : []
    })
    const smoke = smokeDefects.flatMap(({ path, text, what }) =>
      user.includes(text.trim()) && draw(text) < skill.recall
        ? [said(path, text, { ...(kinds[0] as Kind), title: what }, `Here ${what}.`)]
        : [],
    )
    return { kind: 'json', value: { findings: [...findings, ...smoke] } }
  }
}

type Words = Pick<Kind, 'severity' | 'category' | 'title' | 'bodies'>

function finding({ path, text, word }: Place, words: Words, draw: (what: string) => number): object {
  return said(path, text, words, words.bodies[draw(`words/${word}`) < 0.5 ? 0 : 1])
}

function said(path: string, text: string, { severity, category, title }: Words, body: string): object {
  const quote = text.trim()
  return {
    path,
    side: 'RIGHT',
    quote,
    line: null,
    severity,
    category,
    title,
    body,
    confidence: 0.9,
    suggestion: null,
  }
}
