import test from 'ava'
import { project, tqHere } from '../cli/support.ts'
import { testDatabase } from '../support/postgres.ts'
import { blocksOf, pattern, runLine, writeFileOf } from './blocks.ts'

test('the commands of docs/changing.md print what it says', async t => {
  const handler = 'export default () => ({ receipt: "r" })\n'
  const dir = project({ 'tasks/charge.ts': handler, 'tasks/mail.ts': handler })
  const { url } = await testDatabase()
  const env = { TQ_DATABASE_URL: url }
  await tqHere(dir, ['db', 'migrate'], env)
  let printed = ''
  let diff = ''
  let lines = 0
  for (const block of blocksOf('docs/changing.md')) {
    const { language, text } = block
    writeFileOf(dir, block)
    for (const line of language === 'text' ? text.split('\n').filter(Boolean) : []) {
      t.regex(printed, pattern(line), line)
      lines++
    }
    if (language !== 'sh') continue
    printed = ''
    for (const line of text.split('\n').filter(Boolean))
      printed += await runLine(dir, line.replaceAll('9f31c2aa', diff), env)
    diff = /--diff (\w{8})/.exec(printed)?.[1] ?? diff
  }
  t.true(lines > 20)
})
