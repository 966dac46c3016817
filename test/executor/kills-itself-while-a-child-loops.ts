import { fileURLToPath } from 'node:url'
import { openPool } from '../../engine/executor/index.ts'

/** Prints the pid of its child as soon as that loops, and dies. */
const pool = await openPool({
  children: 1,
  slots: 1,
  handlersDir: fileURLToPath(new URL('./handlers', import.meta.url)),
  graceMs: 60_000,
  onResults: () => {},
  onReleased: () => {},
  onLog: () => {
    process.stdout.write(`${pool.stats().children[0]!.pid}\n`, () => process.kill(process.pid, 'SIGKILL'))
  },
})
const names = { idempotencyKey: '1', run: 'run-1', job: 'loops', task: 'loops' }
pool.run([{ key: 1, handler: 'loops', input: 'null', attempt: 1, alone: false, ...names }])
