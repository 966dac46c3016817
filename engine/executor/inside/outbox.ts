import { writeSync } from 'node:fs'
import type { FromChild } from '../frame.ts'

export type Outbox = {
  /** Puts a message into the next frame; it is written when the event loop has turned. */
  put(message: FromChild): void
  /** The same for an output, without building a list. */
  putOk(key: number, ranMs: number, code: string, output: string): void
  /** Of several for one key in a frame the last is sent. */
  putProgress(key: number, fraction: number, text?: string): void
  /** Takes back the output of an attempt that is not yet written. @returns whether there was one */
  takeBack(key: number): boolean
  /** Sees that a frame is written when the event loop has turned. */
  schedule(): void
  /** Writes the frame now. */
  flush(): void
}

/**
 * Collects messages for the pool and writes them as one frame per turn of the event loop. Writing blocks: what is
 * written arrives even if the process dies with the next instruction, and a slow pool slows its children.
 *
 * @param beforeFlush may put more messages
 */
export const openOutbox = (fd: number, beforeFlush: () => void): Outbox => {
  let messages: string[] = []
  let bytes = 0
  let scheduled = false
  const progress = new Map<number, string>()

  const flush = () => {
    beforeFlush()
    for (const message of progress.values()) messages.push(message)
    progress.clear()
    if (messages.length === 0) return
    const frame = `[${messages.join(',')}]\n`
    messages = []
    bytes = 0
    writeAll(fd, frame)
  }
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      flush()
    })
  }
  const add = (message: string) => {
    messages.push(message)
    bytes += message.length
    if (bytes > maxFrame) flush()
    else schedule()
  }
  return {
    put: message => add(JSON.stringify(message)),
    putOk: (key, ranMs, code, output) => add(`["ok",${key},${ranMs},"${code}",${JSON.stringify(output)}]`),
    putProgress: (key, fraction, text) => {
      progress.set(key, JSON.stringify(['progress', key, fraction, text]))
      schedule()
    },
    takeBack: key => {
      const at = messages.findIndex(message => message.startsWith(`["ok",${key},`))
      if (at !== -1) messages.splice(at, 1)
      return at !== -1
    },
    schedule,
    flush,
  }
}

/** Characters, about 64 KB: more would only wait. */
const maxFrame = 65_536

const writeAll = (fd: number, text: string): void => {
  const buffer = Buffer.from(text)
  for (let at = 0; at < buffer.length; ) {
    try {
      at += writeSync(fd, buffer, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // The pool is gone, and nobody wants the results.
      if (code === 'EPIPE' || code === 'ECONNRESET') process.kill(process.pid, 'SIGKILL')
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
