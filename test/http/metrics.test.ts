import test from 'ava'
import { openDurations } from '../../engine/http/durations.ts'
import { testEngine, until } from '../support/engine.ts'
import { hookTo, postJson, serve } from './support.ts'

test('metrics count requests, runs and how long they took, and show queues and workers as they are', async t => {
  const engine = await testEngine()
  t.teardown(() => engine.stop())
  await engine.applyYaml(hookTo('counted', '  verify: none\n  with: { body: 1 }\n  reply: { mode: result }'))
  const server = await serve(engine)
  t.teardown(() => server.stop())
  const url = `${server.url}/hooks/counted`
  for (let i = 0; i < 3; i++) t.is((await postJson(url, null)).status, 200)
  await postJson(`${server.url}/hooks/nowhere`, null)

  const read = async () => {
    const response = await fetch(`${server.url}/metrics`)
    t.regex(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
    return response.text()
  }
  const text = await until(async () => {
    const found = await read()
    return found.includes('tq_runs_finished_total{workflow="counted",state="succeeded"} 3') ? found : null
  })
  for (const line of [
    'tq_hook_requests_total{hook="counted",code="200"} 3',
    'tq_hook_requests_total{hook="",code="401"} 1',
    'tq_runs_started_total{workflow="counted",trigger="hook"} 3',
    'tq_run_duration_seconds_count{workflow="counted",state="succeeded"} 3',
    'tq_queue_oldest_age_seconds{queue="default"} 0',
    'tq_workers{state="online"} 1',
    'tq_worker_slots{worker="test",state="children"} 2',
  ])
    t.true(text.includes(`${line}\n`), line)
  // As Prometheus reads it: a comment, or a name, labels and a number; a metric is described before its values.
  const described = new Set([...text.matchAll(/^# TYPE (\S+) (?:counter|gauge|histogram)$/gm)].map(match => match[1]!))
  for (const line of text.split('\n').filter(line => line && !line.startsWith('#'))) {
    const name = /^([a-z_]+)(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)*\})? [0-9.e+-]+$/.exec(line)?.[1]
    t.true(described.has(name?.replace(/_(bucket|sum|count)$/, '') ?? '') || described.has(name ?? ''), line)
  }
})

test('schedules show how often they have fired, and when they do next', async t => {
  const engine = await testEngine()
  t.teardown(() => engine.stop())
  const workflow = 'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: ticked }\nspec: { steps: [{ task: noop }] }\n'
  const schedule = (name: string, spec: string) =>
    `---\napiVersion: tq/v1\nkind: Schedule\nmetadata: { name: ${name} }\nspec: { workflow: ticked, ${spec} }\n`
  await engine.applyYaml(
    `${workflow}${schedule('hourly', 'every: 1h')}${schedule('at-rest', 'every: 1h, paused: true')}`,
  )
  const server = await serve(engine)
  t.teardown(() => server.stop())
  const read = async () => (await fetch(`${server.url}/metrics`)).text()
  const next = (text: string) =>
    Number(/^tq_schedule_next_fire_timestamp_seconds\{schedule="hourly"\} (.*)$/m.exec(text)?.[1])
  const before = await read()
  t.true(before.includes('tq_schedule_fires_total{schedule="hourly",result="started"} 0\n'))
  t.false(/next_fire_timestamp_seconds\{schedule="at-rest"/.test(before))
  await engine.clock.advanceMs(3_600_000)
  const after = await until(async () => {
    const text = await read()
    return text.includes('tq_schedule_fires_total{schedule="hourly",result="started"} 1\n') ? text : null
  })
  t.is(next(after), next(before) + 3600)
})

test('a job that waits shows in the depth of its queue and in how long it has waited', async t => {
  const engine = await testEngine({ idle: true })
  t.teardown(() => engine.stop())
  await engine.applyYaml(hookTo('waits', '  verify: none\n  with: { body: 1 }'))
  const server = await serve(engine)
  t.teardown(() => server.stop())
  await postJson(`${server.url}/hooks/waits`, null)
  await engine.clock.advanceMs(60_000)
  const text = await (await fetch(`${server.url}/metrics`)).text()
  t.regex(text, /^tq_queue_depth\{queue="default",state="queued"\} 1$/m)
  t.true(Number(/^tq_queue_oldest_age_seconds\{queue="default"\} (.*)$/m.exec(text)![1]) >= 60)
})

test('a histogram adds up bucket by bucket, and labels may have any text', t => {
  const durations = openDurations('took_seconds', 'How long')
  durations.add({ what: 'a"b\\c\n' }, { bucket: 0, runs: 2, seconds: 0.01 })
  durations.add({ what: 'a"b\\c\n' }, { bucket: durations.bounds.length, runs: 1, seconds: 90_000 })
  const lines = durations.text().split('\n')
  t.true(lines.includes('took_seconds_bucket{what="a\\"b\\\\c\\n",le="0.01"} 2'))
  t.true(lines.includes('took_seconds_bucket{what="a\\"b\\\\c\\n",le="86400"} 2'))
  t.true(lines.includes('took_seconds_bucket{what="a\\"b\\\\c\\n",le="+Inf"} 3'))
  t.true(lines.includes('took_seconds_count{what="a\\"b\\\\c\\n"} 3'))
})
