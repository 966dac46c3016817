import test from 'ava'
import { testDatabase } from '../support/postgres.ts'
import { project, tqHere } from './support.ts'

const manifests = `apiVersion: tq/v1
kind: Chain
metadata: { name: nap }
spec: { steps: [{ task: nap }] }
---
apiVersion: tq/v1
kind: Hook
metadata: { name: wake }
spec: { path: /wake, verify: none, workflow: nap }
`

test('tq delete takes away what nothing needs; --drain waits for open runs, and lists show it', async t => {
  const dir = project({ 'manifests/nap.yaml': manifests, 'tasks/nap.ts': 'export default () => null\n' })
  const { url } = await testDatabase()
  const tq = (...args: string[]) => tqHere(dir, args, { TQ_DATABASE_URL: url })
  await tq('db', 'migrate')
  t.is((await tq('apply')).exitCode, 0)
  t.is((await tq('delete', 'nape')).exitCode, 6)
  const started = await tq('delete', 'nap')
  t.is(started.exitCode, 7)
  t.regex(started.stderr, /hook\/wake starts workflow\/nap, which is about to be deleted; .*--drain/)
  const dry = await tq('delete', 'hook/wake', '--dry-run')
  t.regex(dry.stdout, /^ {2}- hook\/wake {2}to be deleted$/m)
  t.regex(dry.stderr, /1 to delete\. Nothing was changed\.$/)
  t.is((await tq('delete', 'wake')).exitCode, 0)
  t.is((await tq('get', 'hooks', '-o', 'name')).stdout, '')

  t.is((await tq('run', 'nap')).exitCode, 0)
  const open = await tq('delete', 'nap')
  t.is(open.exitCode, 7)
  t.regex(open.stderr, /workflow\/nap has 1 run that has not ended; .*--drain/)
  const refused = await tq('diff', '-f', 'tasks', '--prune')
  t.is(refused.exitCode, 0)
  const drained = await tq('delete', 'nap', '--drain')
  t.is(drained.exitCode, 0)
  t.regex(
    drained.stdout,
    /^ {2}- workflow\/nap {2}draining: 1 open run; deleted when it has ended, and nothing starts it meanwhile$/m,
  )
  t.regex((await tq('get', 'workflows')).stdout, /nap +Chain +1 \(draining\)/)
  const again = await tq('run', 'nap')
  t.is(again.exitCode, 7)
  t.regex(again.stderr, /workflow\/nap is draining/)
  t.regex((await tq('apply')).stdout, /~ workflow\/nap +no longer draining/)
  t.is((await tq('run', 'nap')).exitCode, 0)
})
