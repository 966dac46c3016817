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
