import { readdirSync, readFileSync } from 'node:fs'
import { type KafkaOptions, localKafka, prepareStart, startMany, switchEvents } from '../engine/client.ts'
import { startKafka } from '../engine/server.ts'
import { bareTrips, rawKafka } from './peers/kafkajs.ts'
import { type Bench, benchEngine, elapsed, startable, startOne } from './support/engine.ts'
import { machine, type Report, type Row, summarise } from './support/measure.ts'

const task = (name: string, handler: string) => `
apiVersion: tq/v1
kind: Task
metadata: { name: ${name} }
spec: { handler: ${handler} }
---`
const queueOf = (name: string) => `
apiVersion: tq/v1
kind: Queue
metadata: { name: ${name} }
spec: {}
---`
const fanout = `
apiVersion: tq/v1
kind: Chain
metadata: { name: fanout }
spec:
  inputs: { items: { type: array } }
  steps: [{ id: each, forEach: { in: "{{ inputs.items }}" }, task: echo }]
`
const chainOf = (name: string, steps: number, queue: (i: number) => string) => `
apiVersion: tq/v1
kind: Chain
metadata: { name: ${name} }
spec:
  steps:
${Array.from({ length: steps }, (_, i) => `    - { task: noop, queue: ${queue(i)} }\n`).join('')}`

/**
 * The same workloads over both brokers, in turns: fan-out with and without events, and what each process spends a job; a chain kept by
 * its worker, and one whose steps go from one worker to the other; idle trigger to handler start; the idle worker. Beside them
 * what kafkajs does by itself.
 */
export const brokers = async ({ url }: Bench, { runs, size }: { runs: number; size: number }): Promise<Report> => {
  const kafka = await startKafka()
  try {
    const options = localKafka(kafka.brokers)
    const each: [string, KafkaOptions | undefined][] = [
      ['postgres', undefined],
      ['kafka', options],
    ]
    const values = new Map<string, { row: Omit<Row, 'median' | 'min' | 'max' | 'runs'>; values: number[] }>()
    const note = (row: Omit<Row, 'median' | 'min' | 'max' | 'runs'>, ...found: number[]) => {
      const key = JSON.stringify(row)
      const known = values.get(key) ?? { row, values: [] }
      known.values.push(...found)
      values.set(key, known)
    }
    const pids = { broker: kafka.pid }
    for (let i = 0; i < runs; i++) {
      for (const [what, broker] of each) {
        for (const events of [false, true]) {
          const mode = events ? 'fan-out, events' : 'fan-out'
          const { rate, cpu } = await fanOut(url, broker, { size, events, pids })
          note({ what, mode, unit: 'jobs/s' }, rate)
          for (const [process, us] of Object.entries(cpu))
            note({ what, mode: `${mode}: ${process}`, unit: 'us/job' }, us)
        }
        note({ what, mode: 'chain, kept', unit: 'ms/step' }, await chain(url, broker, { steps: 200, apart: false }))
        note(
          { what, mode: 'chain, two workers', unit: 'ms/step' },
          await chain(url, broker, { steps: 200, apart: true }),
        )
        note({ what, mode: 'trigger to start', unit: 'ms' }, ...(await triggers(url, broker, 100)))
      }
      const raw = await rawKafka(options, 100_000)
      note({ what: 'kafkajs', mode: 'produce', unit: 'records/s' }, raw.produce)
      note({ what: 'kafkajs', mode: 'consume', unit: 'records/s' }, raw.consume)
      note({ what: 'kafkajs', mode: 'send to batch', unit: 'ms' }, ...(await bareTrips(options, 100)))
    }
    for (const queues of [1, 8])
      note({ what: 'kafka', mode: `idle, ${queues} queues`, unit: '% of a core' }, await idle(url, options, queues))
    const rows = [...values.values()].map(({ row, values: found }) => ({ ...row, ...summarise(found) }))
    const median = (what: string, mode: string) => rows.find(row => row.what === what && row.mode === mode)!.median
    return {
      name: 'brokers',
      machine: machine(),
      rows,
      checks: {
        'main process, kafka beyond postgres, us/job':
          median('kafka', 'fan-out: main') - median('postgres', 'fan-out: main'),
        'trigger to start, times send to batch': Number(
          (median('kafka', 'trigger to start') / median('kafkajs', 'send to batch')).toPrecision(3),
        ),
      },
    }
  } finally {
    await kafka.stop()
  }
}

const connected = async (engine: { context: { broker: { health(): { state: string } } } }) => {
  while (engine.context.broker.health().state !== 'up') await new Promise(resolve => setTimeout(resolve, 20))
}

const fanOut = async (
  url: string,
  kafka: KafkaOptions | undefined,
  { size, events, pids }: { size: number; events: boolean; pids: { broker: number } },
) => {
  const engine = await benchEngine(url, { kafka })
  const what = await startable(engine.context, fanout, 'fanout')
  await switchEvents(engine.context, events)
  await connected(engine)
  const items = Array.from({ length: size }, (_, i) => i)
  await elapsed(engine.context, await startOne(engine.context, what, { items: items.slice(0, 2000) }))
  const before = spent(engine.worker.pool!.stats().children[0]!.pid, pids.broker)
  const ms = await elapsed(engine.context, await startOne(engine.context, what, { items }))
  const after = spent(engine.worker.pool!.stats().children[0]!.pid, pids.broker)
  await engine.stop()
  return {
    rate: (size / ms) * 1000,
    cpu: Object.fromEntries(
      Object.entries(after).map(([name, us]) => [name, (us - before[name as keyof typeof before]) / size]),
    ),
  }
}

/** CPU time so far, us: this process, its child, Kafka's, and all of Postgres. */
const spent = (child: number, broker: number) => {
  const ticks = (pid: number | string): number => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      return (Number(fields[11]) + Number(fields[12])) * 10_000 // user and system, in ticks of 10 ms
    } catch {
      return 0
    }
  }
  const postgres = readdirSync('/proc').filter(name => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/comm`, 'utf8').startsWith('postgres')
    } catch {
      return false
    }
  })
  const { user, system } = process.cpuUsage()
  return {
    main: user + system,
    child: ticks(child),
    postgres: postgres.reduce((sum, pid) => sum + ticks(pid), 0),
    kafka: ticks(broker),
  }
}

/** A chain whose worker keeps it, or (`apart`) whose steps are of two queues in turn, each served by another worker. @returns ms a step */
const chain = async (
  url: string,
  kafka: KafkaOptions | undefined,
  { steps, apart }: { steps: number; apart: boolean },
) => {
  const one = await benchEngine(url, { kafka, ...(apart ? { queues: ['a'] } : {}) })
  const yaml =
    task('noop', 'noop') + queueOf('a') + queueOf('b') + chainOf('long', steps, i => (apart && i % 2 ? 'b' : 'a'))
  const what = await startable(one.context, yaml, 'long')
  const other = apart ? await benchEngine(url, { kafka, queues: ['b'], beside: true }) : null
  await Promise.all([connected(one), other && connected(other)])
  await elapsed(one.context, await startOne(one.context, what, {}))
  const ms = await elapsed(one.context, await startOne(one.context, what, {}))
  await Promise.all([one.stop(), other?.stop()])
  return ms / steps
}

/** From just before the start is sent to the first line of the handler, one at a time. */
const triggers = async (url: string, kafka: KafkaOptions | undefined, count: number): Promise<number[]> => {
  const engine = await benchEngine(url, { kafka })
  await startable(engine.context, task('stamp', 'stamp').replace('---', ''), 'stamp')
  const stamp = await prepareStart(engine.context, { name: 'stamp', trigger: 'bench' })
  await connected(engine)
  const times: number[] = []
  for (let i = 0; i < count + 5; i++) {
    const sent = (performance.timeOrigin + performance.now()) * 1000
    const [id] = await startMany(engine.context, stamp, [null])
    await elapsed(engine.context, [id!])
    const [row] = await engine.context.sql<{ us: number }>`
    select (output #>> '{}')::float8 as us from outcome where run = ${id} and n = 0`
    if (i >= 5) times.push((row!.us - sent) / 1000)
  }
  await engine.stop()
  return times
}

/** What a worker without work spends, % of a core, over ten seconds. */
const idle = async (url: string, kafka: KafkaOptions, queues: number): Promise<number> => {
  const engine = await benchEngine(url, { kafka })
  const names = Array.from({ length: queues }, (_, i) => `q${i}`)
  const yaml = task('noop', 'noop') + names.map(queueOf).join('') + chainOf('all', queues, i => names[i]!)
  await elapsed(engine.context, await startOne(engine.context, await startable(engine.context, yaml, 'all'), {}))
  await new Promise(resolve => setTimeout(resolve, 3000))
  await connected(engine)
  const before = process.cpuUsage()
  const asked = performance.now()
  await new Promise(resolve => setTimeout(resolve, 10_000))
  const { user, system } = process.cpuUsage(before)
  await engine.stop()
  return ((user + system) / 1000 / (performance.now() - asked)) * 100
}
