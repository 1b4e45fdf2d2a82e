export interface Instruction {
  name: string
  rest: string
  /** 0 is the first stage. */
  stage: number
}

/** The instructions of a Dockerfile: comments left out, continued lines joined. */
export function instructions(text: string): Instruction[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
  let stage = -1
  return lines
    .filter(line => line.trim() !== '')
    .map(line => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? []
      if (name === 'FROM') stage += 1
      return { name, rest, stage }
    })
}

const execForm = (rest: string): boolean => /^\[.*\]$/.test(rest.replace(/^(?:--\S+\s+)*(?:CMD\s+)?/, ''))

/** What hadolint and its like would say, as far as it matters here; the text of each is what has to be done. */
const rules: Record<string, (all: Instruction[], last: Instruction[]) => boolean> = {
  'name every base image by tag and digest': all =>
    all
      .filter(({ name }) => name === 'FROM')
      .every(({ rest }) => /^\S+:[\w.-]+@sha256:[0-9a-f]{64}(\s|$)/.test(rest)),
  'never take the tag latest': all =>
    all.every(({ name, rest }) => name !== 'FROM' || !rest.includes(':latest')),
  'end with a USER who is a number and not 0': (_, last) =>
    /^[1-9]\d*(:[1-9]\d*)?$/.test(last.findLast(({ name }) => name === 'USER')?.rest ?? ''),
  'COPY, never ADD': all => all.every(({ name }) => name !== 'ADD'),
  'copy named folders, never the whole context': all =>
    all.every(({ name, rest }) => name !== 'COPY' || rest.startsWith('--from=') || !/^\.\s/.test(rest)),
  'run nothing in the last stage, which has no shell': (_, last) => last.every(({ name }) => name !== 'RUN'),
  'install packages without recommendations, by version, and drop the lists in the same RUN': all =>
    all
      .filter(({ name, rest }) => name === 'RUN' && rest.includes('apt-get install'))
      .every(
        ({ rest }) =>
          rest.includes('--no-install-recommends') &&
          rest.includes('rm -rf /var/lib/apt/lists/*') &&
          /install (?:--\S+ )*(?:\w[\w.+-]*=\S+ ?)+&&/.test(rest),
      ),
  'install by the lock file, without scripts and development packages': all =>
    all.every(
      ({ name, rest }) =>
        name !== 'RUN' ||
        !/\bnpm (ci|i|install)\b/.test(rest) ||
        (/\bnpm ci\b/.test(rest) && rest.includes('--omit=dev') && rest.includes('--ignore-scripts')),
    ),
  'set pipefail where commands run': all =>
    all.every(
      ({ name, stage }) =>
        name !== 'RUN' ||
        all.some(one => one.stage === stage && one.name === 'SHELL' && one.rest.includes('pipefail')),
    ),
  'WORKDIR is absolute': all => all.every(({ name, rest }) => name !== 'WORKDIR' || rest.startsWith('/')),
  'ENTRYPOINT, CMD and HEALTHCHECK in exec form, each once': (_, last) =>
    ['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].every(wanted => {
      const found = last.filter(({ name }) => name === wanted)
      return found.length === 1 && execForm(found[0]?.rest ?? '')
    }),
  'an init as process 1': (_, last) =>
    (last.find(({ name }) => name === 'ENTRYPOINT')?.rest ?? '').startsWith('["/tini", "--",'),
  'no secret in ARG or ENV': all =>
    all.every(
      ({ name, rest }) => !['ARG', 'ENV'].includes(name) || !/(KEY|SECRET|TOKEN|PASSWORD)\w*=/i.test(rest),
    ),
  'labels say title, licence, version and revision': (_, last) =>
    ['title', 'licenses', 'version', 'revision'].every(key =>
      last.some(({ name, rest }) => name === 'LABEL' && rest.includes(`org.opencontainers.image.${key}=`)),
    ),
}

/** The rules that a Dockerfile does not keep. */
export function lint(text: string): string[] {
  const all = instructions(text)
  const last = all.filter(({ stage }) => stage === (all.at(-1)?.stage ?? 0))
  return Object.entries(rules)
    .filter(([, keeps]) => !keeps(all, last))
    .map(([rule]) => rule)
}
