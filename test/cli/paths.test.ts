import test from 'ava'
import { devForAll, project, tq, tqHere } from './support.ts'

/** Paths of jobs within items: each says which item, everywhere, and is taken where a step is asked for. */
const dir = project({
  'manifests/all.yaml': `
apiVersion: tq/v1
kind: Chain
metadata: { name: part }
spec:
  inputs: { n: { type: integer } }
  steps:
    - { id: pair, forEach: { in: [a, b], as: letter, maxFailures: 1 }, chain: [{ id: say, task: say, with: { text: "{{ inputs.n }}{{ letter }}" } }] }
---
apiVersion: tq/v1
kind: Chain
metadata: { name: whole }
spec:
  steps:
    - { id: each, forEach: { in: [1, 2], as: n, maxFailures: 2 }, workflow: part, with: { n: "{{ n }}" } }
`,
  'tasks/say.ts': `export default ({ text }: { text: string }) => {
  console.log(text)
  if (text.endsWith('2b')) throw new RangeError(text)
  return text
}
`,
})
devForAll(test, dir)

test.serial('in lists of jobs, in logs, in why and where it failed', async t => {
  t.is((await tq(dir, ['run', 'whole', '--wait'])).exitCode, 0)
  const leaf = (i: number, j: number) => `each[${i}]/part/pair[${j}]/say`
  const names = (await tqHere(dir, ['get', 'jobs', '@latest', '-o', 'name'])).stdout.split('\n')
  t.is(new Set(names).size, names.length)
  for (const one of [
    leaf(0, 0),
    leaf(0, 1),
    leaf(1, 0),
    leaf(1, 1),
    'each',
    'each[1]',
    'each[1]/part',
    'each[1]/part/pair',
  ])
    t.true(names.includes(one), `${one} in ${names}`)

  const jobs = JSON.parse((await tqHere(dir, ['get', 'jobs', '@latest', '-o', 'json'])).stdout) as {
    kind: string
    started_at: string
  }[]
  const first = jobs.flatMap(one => (one.kind === 'task' ? [one.started_at] : [])).sort()[0]
  t.is(jobs[0]!.started_at, first!, 'a container has begun when the first step in it has')

  const said = async (step: string) =>
    (await tqHere(dir, ['logs', `@latest/${step}`])).stdout
      .split('\n')
      .map(line => line.split('  ').slice(1).join(' '))
      .sort()
  t.deepEqual(await said(leaf(1, 0)), [`${leaf(1, 0)} 2a`])
  t.deepEqual(await said('each[1]'), [`${leaf(1, 0)} 2a`, `${leaf(1, 1)} 2b`])
  t.deepEqual(await said('each/part/pair[1]'), [`${leaf(0, 1)} 1b`, `${leaf(1, 1)} 2b`])
  t.is((await said('each/part/pair/say')).length, 4)
  t.is((await tqHere(dir, ['logs', '@latest/each[2]'])).exitCode, 6)

  const why = await tqHere(dir, ['why', `@latest/${leaf(1, 1)}`])
  t.regex(why.stdout, /each\[1\]\/part\/pair\[1\]\/say +failed +it has failed: RangeError: 2b/)
  t.regex((await tqHere(dir, ['describe', '@latest'])).stdout, /each\[1\]\/part\/pair\[1\]\/say: RangeError: 2b/)
})
