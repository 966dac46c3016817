import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
  t.regex(stderr, /1 error in 1 file \(\S+\)\. Nothing was changed\.\nmore about one: tq explain UNKNOWN_TASK$/)
})

test('for a GitHub workflow each is an annotation, with what it could take for its own written otherwise', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-'))
  writeFileSync(join(dir, 'a,b.yaml'), 'apiVersion: tq/v1\nkind: Chian\nmetadata: { name: "100%" }\nspec: {}\n')
  const { exitCode, stdout } = await tq(dir, ['validate', '-f', 'a,b.yaml', '-o', 'github'])
  t.is(exitCode, 2)
  const lines = stdout.split('\n')
  t.true(lines.length >= 2)
  for (const line of lines)
    t.regex(line, /^::error file=a%2Cb\.yaml,line=\d+,col=\d+(,endColumn=\d+)?,title=[A-Z_]+::[^\r\n]+$/)
  t.regex(stdout, /::error file=a%2Cb\.yaml,line=2,col=7,endColumn=12,title=UNKNOWN_KIND::.*did you mean "Chain"/)
  t.regex(stdout, /100%25/)
})

test('for code scanning there is SARIF', async t => {
  const file = 'manifests/invalid/unknown-task.yaml'
  const [, code, line, column] = /^# (\w+) (\d+):(\d+)/.exec(readFileSync(join(root, file), 'utf8'))!
  const { exitCode, stdout } = await tq(root, ['validate', '-f', file, '-o', 'sarif'])
  t.is(exitCode, 2)
  const { version, runs } = JSON.parse(stdout) as {
    version: string
    runs: { tool: { driver: { rules: { id: string }[] } }; results: { locations: object[] }[] }[]
  }
  t.is(version, '2.1.0')
  t.deepEqual(runs[0]!.tool.driver.rules, [{ id: code! }])
  t.like(runs[0]!.results[0], { ruleId: code, level: 'error' })
  t.like(runs[0]!.results[0]!.locations[0], {
    physicalLocation: {
      artifactLocation: { uri: file },
      region: { startLine: Number(line), startColumn: Number(column) },
    },
  })
})

test('explain says what the docs say of a code, and what is near to one that does not exist', async t => {
  const all = (JSON.parse((await tq(root, ['explain', '-o', 'json'])).stdout) as { code: string }[]).map(
    one => one.code,
  )
  t.true(all.includes('UNKNOWN_TASK') && all.includes('TIMEOUT') && all.includes('ChildCrashed'))
  const { stdout } = await tq(root, ['explain', 'unknown_task'])
  t.regex(stdout, /^UNKNOWN_TASK {2}manifest\n\n.*neither a Task nor a handler/)
  const wrong = await tq(root, ['explain', 'UNKNOWN_TSK'])
  t.is(wrong.exitCode, 6)
  t.regex(wrong.stderr, /did you mean "UNKNOWN_TASK"/)
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
