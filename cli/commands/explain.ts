import { readFile } from 'node:fs/promises'
import { didYouMean, TqError } from '../../engine/client.ts'
import { print } from '../output.ts'
import type { Action } from '../command.ts'

/** What docs/errors.md says of a code, word for word: every fact stands once. */
const explain: Action = async (io, options, typed) => {
  const all = explanations(await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8'))
  const exact = all.filter(one => one.code === typed)
  const alike = all.filter(one => one.code.toLowerCase() === String(typed).toLowerCase())
  const found = typed === undefined ? all : exact.length > 0 ? exact : alike
  if (found.length === 0)
    throw new TqError(
      'NOT_FOUND',
      `there is no code "${typed}"${
        didYouMean(
          String(typed).toUpperCase(),
          all.map(one => one.code),
        ) || '; `tq explain` lists them'
      }`,
    )
  const one = typed === undefined ? undefined : found[0]
  print(io, options.output, {
    data: one ?? all,
    names: found.map(each => each.code),
    table: one
      ? { header: [], rows: [[`${one.code}  ${one.of}`], [''], ...one.text.split('\n').map(line => [line])] }
      : { header: ['CODE', 'OF', ''], rows: all.map(({ code, of, text }) => [code, of, sentence(text)]) },
  })
  return 0
}
export default explain

type Explanation = { code: string; of: string; text: string }

/** Of what the codes of a section of docs/errors.md are, in a few words. */
const subjects: Record<string, string> = {
  'Diagnostics of manifests': 'manifest',
  'Codes of tq': 'command',
  "Names of jobs' errors": 'job',
}

const explanations = (text: string): Explanation[] =>
  text
    .split(/^## /m)
    .slice(1)
    .flatMap(section => {
      const title = section.slice(0, section.indexOf('\n'))
      return section
        .split(/^### /m)
        .slice(1)
        .map(part => {
          const [heading = '', ...lines] = part.split('\n')
          const [, code = '', more] = /^(\S+)(?: \((.*)\))?$/.exec(heading) ?? []
          const of = more ? `${subjects[title]}, exit ${more}` : subjects[title]!
          return { code, of, text: lines.join('\n').trim() }
        })
    })

const sentence = (text: string): string => {
  const line = text.replaceAll('\n', ' ')
  return /^.*?[.:](?= |$)/.exec(line)?.[0] ?? line
}
