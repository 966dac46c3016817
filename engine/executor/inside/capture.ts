import { Writable } from 'node:stream'
import { formatWithOptions } from 'node:util'
import type { LogLine } from '../work.ts'

/** Turns what handlers print (`console`, `process.stdout`, `process.stderr`) into lines of their logs. */
export const capturePrints = (log: (level: LogLine['level'], message: string) => void): void => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    console[level] = (...values: unknown[]) => log(level, formatWithOptions({ colors: false }, ...values))
  console.log = console.info
  // The rest of console (table, dir, trace, …) writes to these.
  replaceStream('stdout', text => log('info', text))
  replaceStream('stderr', text => log('error', text))
}

const replaceStream = (name: 'stdout' | 'stderr', write: (text: string) => void): void => {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      const text = chunk.toString().replace(/\n$/, '')
      if (text !== '') write(text)
      done()
    },
  })
  Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true })
}
