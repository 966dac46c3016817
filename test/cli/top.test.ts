import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { until } from '../support/engine.ts'
import { onTerminal, terminal } from '../support/terminal.ts'
import { devForAll, project, tq, tqHere } from './support.ts'

const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Queue
metadata: { name: gpu }
spec: {}
---
apiVersion: tq/v1
kind: Chain
metadata: { name: many }
spec: { steps: [{ id: each, forEach: { in: [1, 2, 3, 4] }, task: say }, { id: paint, task: say, queue: gpu }] }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: gated }
spec:
  inputs: { gate: { type: string } }
  steps: [{ id: wait, task: waits, with: { gate: "{{ inputs.gate }}" } }]
`,
  'tasks/say.ts': 'export default () => 1\n',
  'tasks/waits.ts': `import { existsSync } from 'node:fs'
export default async ({ gate }: { gate: string }) => {
  while (!existsSync(gate)) await new Promise(done => setTimeout(done, 10))
}
`,
})
devForAll(test, dir)

type Top = {
  queues: { name: string; queued: number; running: number; inPerS: number; outPerS: number; workers: number }[]
  workers: { running: number }[]
  runs: { id: string; state: string }[]
}
const look = async (): Promise<Top> => JSON.parse((await tqHere(dir, ['top', '-o', 'json'])).stdout)

test.serial('queues with what waits, runs and passes through, workers, and open runs', async t => {
  const gate = join(dir, 'gate')
  const { stdout: id } = await until(async () => {
    const run = await tq(dir, ['run', 'gated', '-i', `gate=${gate}`, '-o', 'name'])
    return run.exitCode === 0 ? run : null
  })
  // Rates are of the last ten seconds: where the machine is slow, a run may have left them before somebody looks.
  const top = await until(async () => {
    await tq(dir, ['run', 'many', '--wait'])
    const found = await look()
    const [main, gpu] = ['default', 'gpu'].map(name => found.queues.find(one => one.name === name)!)
    const passed = main!.inPerS >= 0.4 && main!.outPerS >= 0.4 && gpu!.inPerS > 0
    return passed && found.workers[0]!.running === 1 ? found : null
  })
  const of = (name: string) => top.queues.find(one => one.name === name)!
  t.is(of('default').running, 1)
  t.is(of('default').workers, 1)
  t.deepEqual(
    top.runs.map(run => [run.id, run.state]),
    [[id, 'running']],
  )
  const { stdout } = await tq(dir, ['top'])
  t.regex(stdout, /^tq top {2}default {2}\d\d:\d\d:\d\d {3}1 worker, 1 running in 2 child processes$/m)
  t.regex(stdout, /^default +0 +1 /m)
  t.false(stdout.includes('\u001b'))
  writeFileSync(gate, '')
})

onTerminal('on a terminal it is redrawn, narrow as it is, until q', async t => {
  for (const [key, exit] of [
    ['q', 0],
    ['\u0003', 130],
  ] as const) {
    const watching = terminal(dir, 'top --every 100ms', { columns: 50 })
    await until(() => watching.text().split('tq top').length > 4)
    watching.type(key)
    const { screen, exitCode } = await watching.ended
    t.is(exitCode, exit)
    t.deepEqual(screen.wraps(), [])
    t.is(screen.lines().filter(line => line.startsWith('tq top')).length, 1)
  }
  t.is((await tqHere(dir, ['top', '--every', 'often'])).exitCode, 2)
})
