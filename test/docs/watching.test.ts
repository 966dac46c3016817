import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { execa } from 'execa'
import { local, remote } from '../../cli/checks/index.ts'
import { copy, devForAll, entry, environment, project, root } from '../cli/support.ts'
import { until } from '../support/engine.ts'

const page = readFileSync(join(root, 'docs/watching.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}))

const dir = project()
copy(dir, 'manifests/hello.yaml', 'tasks')
for (const linked of ['engine', 'schemas', 'node_modules']) symlinkSync(join(root, linked), join(dir, linked))
devForAll(test, dir)

const run = async (line: string) =>
  execa(line.replaceAll('npx tq', `"${process.execPath}" --disable-warning=ExperimentalWarning "${entry}"`), {
    cwd: dir,
    shell: true,
    all: true,
    reject: false,
    stdin: 'ignore',
    env: environment({ CI: '' }),
    extendEnv: false,
  })

/** Ids and times differ from run to run, and so do widths of columns. */
const pattern = (line: string): RegExp =>
  new RegExp(
    line
      .trim()
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('t3h8v2f4', '\\w{8}')
      .replaceAll(/\d+ ms/g, '[\\d.]+(?: ms|s)')
      .replaceAll(/\s+/g, '\\s+'),
    'm',
  )

test('the commands of docs/watching.md print what it says', async t => {
  await until(async () => (await run('npx tq get workers -o name')).stdout !== '')
  let printed = ''
  for (const { language, text } of blocks) {
    if (language === 'text')
      // Off a terminal the tree is told line by line.
      for (const line of text.split('\n').filter(one => one && !/^[├└]|^✓ hello/.test(one)))
        t.regex(printed, pattern(line), line)
    if (language !== 'sh') continue
    printed = ''
    for (const line of text.split('\n').filter(one => one && one !== 'npx tq dev')) {
      const { all, exitCode } = await run(line)
      t.is(exitCode, 0, `${line}\n${all}`)
      printed += `${all}\n`
    }
  }
})

test('its table has every check of tq doctor', t => {
  const told = [...page.matchAll(/^\| (`[^|]+`) \| /gm)].flatMap(([, names]) =>
    [...names!.matchAll(/`([^`]+)`/g)].map(found => found[1]),
  )
  for (const { name } of [...local, ...remote]) t.true(told.includes(name), name)
})
