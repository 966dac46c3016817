import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { execa } from 'execa'
import { copy, dev, entry, environment, project, root, type Running, stop, write } from '../cli/support.ts'

type Block = { language: string; text: string }
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks: Block[] = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}))

/** Ids, times and the widths of columns differ from run to run. */
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

test('the commands of the README print what it says', async t => {
  const dir = project()
  copy(dir, 'manifests', 'tasks', 'package.json', 'package-lock.json')
  for (const linked of ['cli', 'engine', 'schemas', 'node_modules']) symlinkSync(join(root, linked), join(dir, linked))
  let running: Running | undefined
  let printed = ''
  t.teardown(() => running && stop(running))
  for (const { language, text } of blocks) {
    const file = /^(?:#|\/\/) (\S+\.(?:ts|yaml))\n/.exec(text)?.[1]
    if (file) write(dir, file, text)
    if (language === 'text') for (const line of text.split('\n').filter(Boolean)) t.regex(printed, pattern(line), line)
    if (language !== 'sh') continue
    printed = ''
    for (const line of text.split('\n').filter(Boolean)) {
      if (line === 'npx tq dev') running = (await dev(dir)).running
      else {
        const command = line.replaceAll('npx tq', `"${process.execPath}" "${entry}"`)
        const { all } = await execa(command, {
          cwd: dir,
          shell: true,
          all: true,
          reject: false,
          stdin: 'ignore',
          env: environment(),
          extendEnv: false,
        })
        printed += `${all}\n`
      }
    }
  }
  t.truthy(running)
})
