import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { copy, dev, printed as said, project, root, type Running, stop } from '../cli/support.ts'
import { blocksOf, fileOf, pattern, runLine, writeFileOf } from './blocks.ts'

test('the commands of the README print what it says', async t => {
  const dir = project()
  copy(dir, 'manifests', 'tasks', 'package.json', 'package-lock.json')
  for (const linked of ['cli', 'engine', 'schemas', 'node_modules']) symlinkSync(join(root, linked), join(dir, linked))
  let running: Running | undefined
  let printed = ''
  t.teardown(() => running && stop(running))
  for (const block of blocksOf('README.md')) {
    const { language, text } = block
    // What is saved while `tq dev` is up is there once it has told of it.
    const taken = running && fileOf(block) ? said(running, /[✓✖] .*\n/) : null
    writeFileOf(dir, block)
    await taken
    if (language === 'text') for (const line of text.split('\n').filter(Boolean)) t.regex(printed, pattern(line), line)
    if (language !== 'sh') continue
    printed = ''
    for (const line of text.split('\n').filter(Boolean)) {
      if (line === 'npx tq dev') running = (await dev(dir)).running
      else printed += await runLine(dir, line)
    }
  }
  t.truthy(running)
})
