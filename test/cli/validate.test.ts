import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { root, tq, tqHere } from './support.ts'

type Found = { diagnostics: { code: string; line: number; column: number; file: string }[] }
const folder = join(root, 'manifests/invalid')
const files = readdirSync(folder).filter(name => name.endsWith('.yaml'))
const stated = (file: string): string => readFileSync(join(folder, file), 'utf8').split('\n')[0]!
const told = ({ diagnostics }: Found): string[] =>
  diagnostics.map(({ code, line, column }) => `# ${code} ${line}:${column}`)

test('each invalid manifest gives exit 2 and the one diagnostic of its first line', async t => {
  for (const file of files) {
    const { exitCode, stdout } = await tqHere(root, ['validate', '-f', join('manifests/invalid', file), '-o', 'json'])
    t.is(exitCode, 2, file)
    t.deepEqual(told(JSON.parse(stdout) as Found), [stated(file)], file)
  }
})

test('three invalid files at once give three diagnostics, each with its file', async t => {
  const names = files.map(
    file => /^ *(?:metadata: \{ )?name: ([\w-]+)/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1],
  )
  const three = files.filter((_, i) => names[i] && names.indexOf(names[i]) === i).slice(0, 3)
  const { exitCode, stdout } = await tq(root, [
    'validate',
    ...three.flatMap(file => ['-f', join('manifests/invalid', file)]),
    '-o',
    'json',
  ])
  t.is(exitCode, 2)
  const found = JSON.parse(stdout) as Found
  t.deepEqual(told(found).sort(), three.map(stated).sort())
  t.deepEqual(
    found.diagnostics.map(({ file }) => file).sort(),
    three.map(file => join('manifests/invalid', file)),
  )
})

test('for people there is the place, an excerpt with carets, and how many there are', async t => {
  const { exitCode, stdout, stderr } = await tq(root, ['validate', '-f', 'manifests/invalid/unknown-task.yaml'])
  t.is(exitCode, 2)
  t.is(stdout, '')
  t.regex(stderr, /^manifests\/invalid\/unknown-task\.yaml:\d+:\d+ {2}UNKNOWN_TASK/)
  t.regex(stderr, /\n\s+\d+ \| .*\n\s+\| +\^+/)
  t.regex(stderr, /1 error in 1 file\. Nothing was changed\.$/)
})

test('valid manifests are counted', async t => {
  const { exitCode, stdout } = await tq(root, ['validate'])
  t.is(exitCode, 0)
  t.regex(stdout, /^\d+ manifests in \d+ files are valid\.$/)
})

test('a file that is not there is named', async t => {
  const { exitCode, stderr } = await tq(root, ['validate', '-f', 'nowhere.yaml'])
  t.is(exitCode, 2)
  t.is(stderr, 'error: there is no file or folder nowhere.yaml')
})
