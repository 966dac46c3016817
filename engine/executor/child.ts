import { Socket } from 'node:net'
import type { ToChild } from './frame.ts'
import { splitLines } from './frame.ts'
import { writeLog } from './inside/attempt.ts'
import { capturePrints } from './inside/capture.ts'
import { describe, toJobError } from './inside/error.ts'
import { dieWithParent } from './inside/orphan.ts'
import { openOutbox } from './inside/outbox.ts'
import { currentAttempt, openSlots } from './inside/slots.ts'

/**
 * The process that runs handlers: `child.ts <slots> <handlersDir> <memoryMb>`, frames in on fd 3, out on fd 4. It loads
 * handlers and the frame protocol, nothing else, so that one that dies is replaced in 100 ms.
 */
const runChild = (slotCount: number, handlersDir: string, memoryMb: number): void => {
  delete process.env.NODE_COMPILE_CACHE
  const outbox = openOutbox(4, () => slots.announce())
  const slots = openSlots(slotCount, handlersDir, outbox)
  let stopping = false
  const retire = (why: string) => outbox.put(['retire', why])

  capturePrints((level, message) => writeLog(currentAttempt.getStore(), outbox, level, message))

  // A signal to the process group is the pool's to decide on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

  const blame = (name: 'UnhandledRejection' | 'UncaughtException', thrown: unknown) => {
    const sole = slots.running.size === 1 ? [...slots.running][0] : undefined
    const attempt = currentAttempt.getStore() ?? sole
    const error = toJobError(thrown)
    const what = thrown instanceof Error ? `${error.name}: ${error.message}` : describe(thrown)
    const message = `${name === 'UnhandledRejection' ? 'nobody awaited a promise that was rejected with' : 'outside the handler’s promise was thrown'} ${what}`
    if (!attempt || !slots.fail(attempt, { ...error, name, message })) writeLog(attempt, outbox, 'error', message)
    retire(name)
  }
  process.on('unhandledRejection', reason => blame('UnhandledRejection', reason))
  process.on('uncaughtException', error => blame('UncaughtException', error))
  process.on('exit', code => {
    if (stopping) return
    outbox.put(['exit', currentAttempt.getStore()?.key ?? null, code])
    outbox.flush()
  })

  const onFrame = (frame: ToChild) => {
    if ('run' in frame) slots.add(frame.run)
    else if ('abort' in frame) slots.abort(frame.abort, frame.reason)
    else outbox.put(['released', slots.release()])
  }
  const socket = new Socket({ fd: 3, readable: true, writable: false })
  socket.setEncoding('utf8')
  socket.on('data', splitLines(line => onFrame(JSON.parse(line) as ToChild)) as (chunk: unknown) => void)
  // The pool has closed the pipe, or died.
  socket.on('close', () => {
    stopping = true
    process.exit(0)
  })
  socket.on('error', () => {})

  if (memoryMb > 0)
    setInterval(() => {
      const residentMb = process.memoryUsage.rss() / 1024 / 1024
      if (residentMb > memoryMb) retire(`uses ${Math.round(residentMb)} MB`)
    }, 1000).unref()
  outbox.put(['ready'])
  outbox.flush()
  dieWithParent()
}

const [slots, handlersDir, memoryMb] = process.argv.slice(2)
runChild(Number(slots), handlersDir!, Number(memoryMb))
