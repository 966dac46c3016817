import test from 'ava'
import { newJournal, type TestEngine, testEngine, until, workflow } from '../support/engine.ts'
import { startWorker } from '../support/worker.ts'
import { project, tqHere } from './support.ts'

/** `tq inspect` and `tq control` over real worker processes; each test has a database of its own. */
const dir = project()

const queue = (name: string) => `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: ${name} }\nspec: {}\n---\n`
/** Handlers that are held until a gate opens. */
const held = (name: string, journal: ReturnType<typeof newJournal>, count: number, more = '') =>
  workflow(
    'Chain',
    name,
    `
    steps: [{ id: each, forEach: { in: [${Array.from({ length: count }, (_, i) => i)}], as: x }, task: journal, with: { journal: "${journal.file}", name: "{{ x }}", gate: "${journal.gate('go')}" }${more} }]
  `,
  )

type Answer = { worker: string; session: number; pid: number; answer?: unknown; error?: string }

const installation = async (t: { teardown(end: () => unknown): void }) => {
  const engine: TestEngine = await testEngine({ idle: true })
  t.teardown(engine.stop)
  const { url } = engine
  const env = { TQ_DATABASE_URL: url }
  return {
    engine,
    tq: (...args: string[]) => tqHere(dir, args, env),
    worker: (name: string, more: Record<string, string> = {}) => startWorker(t, { url, TQ_WORKER_NAME: name, ...more }),
    async ask(...args: string[]): Promise<Answer[]> {
      const { stdout, stderr } = await tqHere(dir, [...args, '--timeout', '20s', '-o', 'json'], env)
      if (!stdout.startsWith('[')) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`)
      return JSON.parse(stdout) as Answer[]
    },
  }
}

/** The quickest of three: other tests run meanwhile. */
const quickest = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const asked = performance.now()
    await work()
    times.push(performance.now() - asked)
  }
  return Math.min(...times)
}

test.serial('ping: every worker answers, within 300 ms', async t => {
  const { engine, tq, worker, ask } = await installation(t)
  const [one, two] = await Promise.all([worker('one'), worker('two')])
  for (let i = 0; i < 5; i++) {
    const { exitCode, stdout } = await tq('inspect', 'ping', '--timeout', '20s')
    t.is(exitCode, 0)
    t.regex(stdout, /^one +.*pong\ntwo +.*pong$/m)
  }
  // From the question to the last answer, the quickest of five: other tests run meanwhile.
  const [row] = await engine.sql<{ ms: number }>`
  select min(ms)::float8 as ms from (
    select extract(epoch from max(reply.at) - min(issued_at)) * 1000 as ms
    from command join reply on reply.command = command.id group by command.id having count(*) = 2) each`
  t.log(`two answers within ${Math.round(row!.ms)} ms`)
  t.true(row!.ms < 300, `${row!.ms} ms`)
  t.deepEqual(
    (await ask('inspect', 'ping')).map(({ worker, pid, answer }) => ({ worker, pid, answer })),
    [
      { worker: 'one', pid: one.pid, answer: { ok: 'pong' } },
      { worker: 'two', pid: two.pid, answer: { ok: 'pong' } },
    ],
  )
  t.deepEqual(
    (await ask('inspect', 'ping', '-d', 'two')).map(({ worker }) => worker),
    ['two'],
  )
})

test.serial('no worker: exit 69 when the time is over, with what to do', async t => {
  const { tq } = await installation(t)
  const ms = await quickest(async () => {
    const { exitCode, stdout, stderr } = await tq('inspect', 'ping', '--timeout', '2s')
    t.is(exitCode, 69)
    t.is(stdout, '')
    t.regex(stderr, /no worker answered "ping" within 2s: no worker is up.*tq worker/)
  })
  t.true(ms < 2500, `${ms} ms`)
  const json = await tq('control', 'pool-grow', '1', '--timeout', '50ms', '-o', 'json')
  t.is(json.exitCode, 69)
  t.like(JSON.parse(json.stdout), { error: { code: 'NO_REPLY', live: 0 } })
})

test.serial(
  'a worker that was stopped when a command was given obeys it when it goes on, also past its lease',
  async t => {
    const { tq, worker, ask, engine } = await installation(t)
    for (const [name, lease] of [
      ['stopped', '60s'],
      ['expired', '500ms'],
    ] as const) {
      const away = await worker(name, { TQ_LEASE: lease })
      away.signal('SIGSTOP')
      const { exitCode, stderr } = await tq('control', 'pool-grow', '2', '-d', name, '--timeout', '100ms')
      t.is(exitCode, 69)
      t.regex(stderr, /obeys when it is back/)
      if (name === 'expired')
        await until(
          async () =>
            (await engine.sql`select from session where worker = ${name} and lease_ends_at < clock_now()`).length,
        )
      const continued = performance.now()
      away.signal('SIGCONT')
      await until(() => away.children().length === 3)
      t.true(performance.now() - continued < 10_000)
      // Past its lease other children take the place of those it had: as many as it was told.
      await until(async () => {
        const [stats] = await ask('inspect', 'stats', '-d', name)
        return (stats!.answer as { pool: { children: unknown[] } }).pool.children.length === 3
      })
    }
  },
)

test('pool-grow and pool-shrink change the number of children, never below one', async t => {
  const { tq, worker, ask } = await installation(t)
  const one = await worker('one')
  t.deepEqual((await ask('control', 'pool-grow', '2'))[0]!.answer, { children: 3 })
  await until(() => one.children().length === 3)
  t.deepEqual((await ask('control', 'pool-shrink'))[0]!.answer, { children: 2 })
  await until(() => one.children().length === 2)
  const { exitCode, stdout } = await tq('control', 'pool-shrink', '2')
  t.is(exitCode, 1)
  t.regex(stdout, /one .*error: .*2 children.*drain/)
  for (const wrong of [
    ['pool-grow', 'many'],
    ['pool-grwo'],
    ['pool-grow', '1', '2'],
    ['autoscale', '1,2'],
    ['add-queue'],
    ['log-level', 'loud'],
  ])
    t.is((await tq('control', ...wrong)).exitCode, 2, wrong.join(' '))
  t.is((await tq('inspect', 'pong')).exitCode, 2)
  t.is((await tq('inspect', 'ping', '--timeout', 'soon')).exitCode, 2)
  t.regex((await tq('get', 'workers')).stdout, /^one +\S+ +\d+ +0 +2 /m)
})

test('what a worker does can be asked: running, waiting in it, scheduled, being cancelled', async t => {
  const { engine, worker, ask, tq } = await installation(t)
  const journal = newJournal()
  await engine.applyYaml(
    held('holds', journal, 3) +
      '---\n' +
      workflow(
        'Chain',
        'later',
        'steps: [{ id: s, task: fail, with: {}, priority: 7, retry: { max: 1, delay: 1h, maxDelay: 1h, jitter: none } }]',
      ),
  )
  await worker('one', { TQ_SLOTS: '2', TQ_KILL_GRACE: '10m' })
  const later = await engine.start('later')
  const scheduled = await until(async () => {
    const [one] = await ask('inspect', 'scheduled')
    return (one!.answer as object[])[0]
  })
  t.like(scheduled, { run: later, job: 's', task: 'fail', queue: 'default', priority: 7, failures: 1 })

  const id = await engine.start('holds')
  await journal.seen('start 1')
  type Job = { run: string; job: string; task: string; attempt: number; since: string; pid: number; input: string }
  const active = await until(async () => {
    const jobs = (await ask('inspect', 'active'))[0]!.answer as Job[]
    return jobs.length === 2 ? jobs : null
  })
  t.like(active[0], { run: id, task: 'journal', attempt: 1 })
  t.deepEqual(active.map(job => job.job).sort(), ['each[0]', 'each[1]'])
  t.true(active[0]!.input.endsWith('characters)') || active[0]!.input.length <= 200)
  t.true(Math.abs(Date.now() - Date.parse(active[0]!.since)) < 60_000)
  t.regex((await tq('inspect', 'active')).stdout, /^one +\d+ +\d+ +\w{8}\/each\[0\] +journal +1 /m)
  t.deepEqual((await ask('inspect', 'reserved'))[0]!.answer, [])

  t.is((await tq('cancel', `${id}/each[0]`)).exitCode, 0)
  await journal.seen('abort 0')
  journal.open('go')
  t.is((await engine.ended(id)).state, 'failed')
  const [stats] = await ask('inspect', 'stats')
  t.like(stats!.answer, {
    totals: { fail: { claimed: 1, succeeded: 0, failed: 1 }, journal: { succeeded: 2, failed: 1 } },
    broker: { state: 'up' },
    pool: { wanted: 1 },
  })
})

test('what is being cancelled on a worker is listed until it has stopped; force ends it at once', async t => {
  const { engine, worker, ask, tq } = await installation(t)
  const journal = newJournal()
  await engine.applyYaml(
    workflow('Chain', 'deaf', `steps: [{ id: deaf, task: deaf, with: { journal: "${journal.file}" } }]`),
  )
  await worker('one')
  const { stdout } = await tq('run', 'deaf', '--label', 'month=july', '--label', 'team=a', '-o', 'name')
  await journal.seen('start deaf')
  t.is((await tq('cancel', '--label', 'month=june')).stdout, '')
  t.regex((await tq('get', 'runs', '--label', 'month=july', '-o', 'name')).stdout, new RegExp(stdout))
  t.is((await tq('get', 'runs', '--label', 'month=june', '-o', 'name')).stdout, '')
  t.regex(
    (await tq('cancel', '--label', 'month=july', '--label', 'team=a', '--grace', '10m')).stdout,
    /being cancelled/,
  )
  const revoked = await until(async () => ((await ask('inspect', 'revoked'))[0]!.answer as object[])[0])
  t.like(revoked, { job: 'deaf', task: 'deaf' })
  await tq('cancel', stdout, '--force')
  t.is((await tq('wait', stdout)).exitCode, 4)
  t.is((await tq('cancel')).exitCode, 2)
})

test('settings, versions, handlers and queues can be asked, and no secret is among them', async t => {
  const { engine, worker, tq, ask } = await installation(t)
  await engine.applyYaml(queue('mail').replace('spec: {}', 'spec: { concurrency: 3, rateLimit: 10/s }'))
  const { password } = new URL(engine.url)
  t.true(password.length > 3)
  await worker('one', { TQ_SLOTS: '3' })
  for (const what of ['conf', 'report', 'stats', 'queues', 'registered']) {
    const { stdout, exitCode } = await tq('inspect', what, '-o', 'json')
    t.is(exitCode, 0, what)
    t.false(stdout.includes(password), what)
    t.is((await tq('inspect', what)).exitCode, 0)
  }
  const answer = async (what: string) => (await ask('inspect', what))[0]!.answer
  t.like(await answer('conf'), { name: 'one', concurrency: 1, slots: 3, leaseMs: 10_000, queues: ['default', 'mail'] })
  t.like(await answer('report'), { node: process.version })
  t.regex((await tq('inspect', 'report')).stdout, /^one {2}pid \d+\n {2}tq: .*\n[\s\S]* {2}database: PostgreSQL /)
  t.deepEqual(await answer('queues'), [
    { name: 'default', paused: false, concurrency: null, rateLimit: null },
    { name: 'mail', paused: false, concurrency: 3, rateLimit: '10/1000ms' },
  ])
  t.true(((await answer('registered')) as { handler: string }[]).some(one => one.handler === 'journal'))
  t.is((await tq('control', 'rate-limit', 'mail', '5/10s')).exitCode, 0)
  await until(async () => JSON.stringify(await answer('queues')).includes('5/10000ms'))
  t.is((await tq('control', 'rate-limit', 'mail', 'none')).exitCode, 0)
  await until(async () => !JSON.stringify(await answer('queues')).includes('0000ms'))
  t.is((await tq('control', 'rate-limit', 'mial', '5/s')).exitCode, 6)
  t.is((await tq('control', 'rate-limit', 'mail', 'fast')).exitCode, 2)
})

test('a worker takes up and leaves queues while it runs', async t => {
  const { engine, worker, tq, ask } = await installation(t)
  await engine.applyYaml(
    `${queue('mail')}${workflow('Chain', 'mails', 'steps: [{ task: noop, queue: mail }]')}---\n${workflow('Chain', 'plain', 'steps: [{ task: noop }]')}`,
  )
  await worker('one', { TQ_QUEUES: 'default' })
  const mail = await engine.start('mails')
  t.deepEqual((await ask('control', 'add-queue', 'mail'))[0]!.answer, { queues: ['default', 'mail'] })
  t.is((await engine.ended(mail)).state, 'succeeded')
  t.deepEqual((await ask('control', 'remove-queue', 'default'))[0]!.answer, { queues: ['mail'] })
  const plain = await engine.start('plain')
  t.is((await engine.ended(await engine.start('mails'))).state, 'succeeded')
  t.is((await engine.sql`select from job where run = ${plain} and session is null and phase = 'ready'`).length, 1)
  t.regex((await tq('get', 'workers')).stdout, / mail +\S+$/m)
  await ask('control', 'add-queue', 'default')
  t.is((await engine.ended(plain)).state, 'succeeded')
  const unknown = await tq('control', 'add-queue', 'mial')
  t.is(unknown.exitCode, 1)
  t.regex(unknown.stdout, /no queue "mial"; did you mean "mail"\?/)
})

test('a time limit that is set while a worker runs holds for what starts afterwards', async t => {
  const { engine, worker, tq, ask } = await installation(t)
  await engine.applyYaml(
    workflow(
      'Chain',
      'sleeps',
      'inputs: { ms: { type: integer } }\nsteps: [{ id: s, task: sleep, with: { ms: "{{ inputs.ms }}" } }]',
    ),
  )
  await worker('one')
  t.deepEqual((await ask('control', 'time-limit', 'sleep', '30ms'))[0]!.answer, { task: 'sleep', limitMs: 30 })
  t.like((await engine.ended(await engine.start('sleeps', { ms: 600_000 }))).error, { name: 'Timeout' })
  await ask('control', 'time-limit', 'sleep', 'none')
  t.is((await engine.ended(await engine.start('sleeps', { ms: 60 }))).state, 'succeeded')
  t.is((await tq('control', 'time-limit', 'slep', '1s')).exitCode, 1)
})

test('autoscale: children come with the load and go when they are idle; pool-grow is refused meanwhile', async t => {
  const { engine, worker, tq, ask } = await installation(t)
  const journal = newJournal()
  await engine.applyYaml(held('load', journal, 5))
  const one = await worker('one', { TQ_IDLE_CHILD: '300ms' })
  t.deepEqual((await ask('control', 'autoscale', '3,1'))[0]!.answer, { autoscale: { max: 3, min: 1 }, children: 1 })
  t.is(one.children().length, 1)
  const id = await engine.start('load')
  await until(() => one.children().length === 3)
  const refused = await tq('control', 'pool-grow')
  t.is(refused.exitCode, 1)
  t.regex(refused.stdout, /autoscale is on, between 1 and 3/)
  journal.open('go')
  t.is((await engine.ended(id)).state, 'succeeded')
  await until(() => one.children().length === 1)
  await ask('control', 'autoscale', 'off')
  t.deepEqual((await ask('control', 'pool-grow'))[0]!.answer, { children: 2 })
})

test('drain: what runs ends, nothing new is taken, then the process ends; meanwhile it still answers', async t => {
  const { engine, worker, ask, tq } = await installation(t)
  const journal = newJournal()
  await engine.applyYaml(held('running', journal, 2))
  const one = await worker('one', { TQ_SHUTDOWN_TIMEOUT: '10ms' })
  const id = await engine.start('running')
  await journal.seen('start 0')
  t.deepEqual((await ask('control', 'drain'))[0]!.answer, { running: 1 })
  t.is(((await ask('inspect', 'active'))[0]!.answer as object[]).length, 1)
  journal.open('go')
  t.is(await one.ended, 0)
  t.deepEqual(journal.lines(), ['start 0', 'end 0'])
  t.is((await tq('inspect', 'ping', '--timeout', '50ms')).exitCode, 69)
  await worker('two')
  t.is((await engine.ended(id)).state, 'succeeded')
})

test('shutdown ends the addressed workers like a signal; with --force what runs is killed, and runs again elsewhere', async t => {
  const { engine, worker, ask } = await installation(t)
  const journal = newJournal()
  await engine.applyYaml(held('shut', journal, 1))
  const one = await worker('one', { TQ_SHUTDOWN_TIMEOUT: '10m' })
  const two = await worker('two', { TQ_QUEUES: 'none' })
  const id = await engine.start('shut')
  await journal.seen('start 0')
  t.deepEqual((await ask('control', 'shutdown', '-d', 'one'))[0]!.answer, { running: 1 })
  await ask('control', 'shutdown', '--force', '-d', 'one')
  t.is(await one.ended, 0)
  await ask('control', 'add-queue', 'default')
  await journal.seen('start 0', 2)
  journal.open('go')
  t.is((await engine.ended(id)).state, 'succeeded')
  await ask('control', 'shutdown')
  t.is(await two.ended, 0)
})

test('log-level, and workers of one name are told apart', async t => {
  const { worker, ask, tq } = await installation(t)
  const one = await worker('twin')
  const two = await worker('twin')
  const { stderr } = await tq('inspect', 'ping')
  t.regex(stderr, /several workers are called twin/)
  const answers = await ask('control', 'log-level', 'debug')
  t.deepEqual(new Set(answers.map(({ pid }) => pid)), new Set([one.pid, two.pid]))
  t.deepEqual(answers[0]!.answer, { level: 'debug' })
  await ask('control', 'log-level', 'error')
  await ask('control', 'pool-grow')
  t.false(one.lines.some(line => line.msg.includes('pool-grow')))
  t.true(one.lines.some(line => line.msg.includes('log-level')))
})

test('some answers are enough: exit 0, and who was silent is named', async t => {
  const { worker, tq } = await installation(t)
  await worker('one')
  const two = await worker('two')
  two.signal('SIGSTOP')
  const { exitCode, stdout, stderr } = await tq('inspect', 'ping', '--timeout', '3s')
  t.is(exitCode, 0)
  t.regex(stdout, /^one .*pong$/)
  t.regex(stderr, new RegExp(`no answer from two \\(pid ${two.pid} on `))
  t.regex((await tq('inspect', 'ping', '-d', 'one,three', '--timeout', '3s')).stderr, /no answer from three/)
  two.signal('SIGCONT')
})

test('what was asked an hour ago is forgotten, by whichever process looks after the others', async t => {
  const { engine, worker, tq } = await installation(t)
  await tq('control', 'pool-grow', '--timeout', '10ms')
  await engine.sql`update command set issued_at = clock_now() - interval '61 minutes'`
  await worker('one')
  await until(async () => (await engine.sql`select from command`).length === 0)
  t.is((await tq('inspect', 'ping')).exitCode, 0)
})
