import { readFileSync } from 'node:fs'
import test from 'ava'
import { diagnosticCodes } from '../../engine/compile/text/diagnostic.ts'
import { errorCodes, jobErrorNames } from '../../engine/model/errors.ts'

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const sections = Object.fromEntries(
  text
    .split(/^## /m)
    .slice(1)
    .map(part => [part.split('\n')[0]!, part]),
)
/** Headings with the words below them. */
const paragraphs = (part: string): Map<string, string> =>
  new Map(
    part
      .split(/^### /m)
      .slice(1)
      .map(one => [one.split('\n')[0]!, one.slice(one.indexOf('\n')).trim()]),
  )

const agree = test.macro((t, section: string, codes: readonly string[]) => {
  const found = paragraphs(sections[section]!)
  t.deepEqual([...found.keys()], [...codes].sort())
  for (const [code, said] of found) t.true(said.length > 20, code)
})

test('docs/errors.md has a paragraph for each diagnostic, in order', agree, 'Diagnostics of manifests', diagnosticCodes)
test(
  'docs/errors.md has a paragraph for each name of a job’s error, in order',
  agree,
  "Names of jobs' errors",
  jobErrorNames,
)
test(
  'docs/errors.md has a paragraph for each code of tq, with its exit code and whether trying again can help',
  agree,
  'Codes of tq',
  Object.entries(errorCodes).map(([code, { exit, retryable }]) => `${code} (${exit}${retryable ? ', again' : ''})`),
)
