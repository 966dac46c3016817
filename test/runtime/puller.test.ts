import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { openPuller } from '../../engine/runtime/puller.ts'

test('a puller without a session, or hinted of a queue it does not serve, leaves the event loop to others', async t => {
  const stop = new AbortController()
  const queue = { id: 0, name: 'tq', paused: false, concurrency: null, rate_count: null, rate_ms: null, topic: null }
  const puller = openPuller({ broker: { health: () => ({ state: 'up' }) } } as never, {
    session: () => null,
    queues: () => [queue],
    capacity: () => 10,
    onClaimed: () => t.fail('nothing can be claimed without a session'),
    onLostAnswer: () => t.fail('nothing was asked'),
    signal: stop.signal,
  })
  puller.wake([0, 7])
  puller.room()
  // Microtasks that go on for ever would keep this timer from ever firing.
  await sleep(5)
  stop.abort()
  await puller.done
  t.pass()
})

test('between queues that all have work a puller takes turns, though each of its rounds has room for one job', async t => {
  const stop = new AbortController()
  const pulled: number[] = []
  let room = 1
  const row = (name: string, id: number) => ({
    id,
    name,
    paused: false,
    concurrency: null,
    rate_count: null,
    rate_ms: null,
    topic: null,
  })
  const puller = openPuller(
    {
      broker: { health: () => ({ state: 'up' }) },
      values: { meet() {} },
      sql: async (_: unknown, queue: number) => [{ queue, n: 1, got: true, rank: 0, ready: 0 }], // there is always one more
    } as never,
    {
      session: () => 1,
      queues: () => [row('first', 1), row('second', 2), row('third', 3)],
      capacity: () => room,
      onClaimed([job]) {
        pulled.push(job!.queue)
        room = 0
        setImmediate(() => {
          room = pulled.length < 9 ? 1 : 0
          puller.room()
        })
      },
      onLostAnswer: () => t.fail(),
      signal: stop.signal,
    },
  )
  puller.wake([1, 2, 3])
  while (pulled.length < 9) await sleep(1)
  stop.abort()
  await puller.done
  for (const queue of [1, 2, 3]) t.is(pulled.filter(one => one === queue).length, 3, pulled.join(' '))
})
