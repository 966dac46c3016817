import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { splitLines } from './frame.ts'
import type { FromChild, ToChild } from './frame.ts'
import type { PoolOptions } from './work.ts'

/** A child as an operating system process: frames go in, messages come out, and it ends once. */
export type ChildProcess = {
  pid: number
  write(frames: string): void
  send(frame: ToChild): void
  /** Closes its pipe; it exits by itself. */
  end(): void
  kill(): void
}

/** How a process ended, in words, with the last lines it wrote to stderr itself (an abort's, a heap's). */
export type Exit = { how: string; stderr: string }

type Events = { onMessages(messages: FromChild[]): void; onExit(exit: Exit): void }

/** Starts a child. Of this process's environment it sees what programs need to run, and no secrets. */
export const startProcess = (options: PoolOptions, events: Events): ChildProcess => {
  const entry = fileURLToPath(new URL(`./child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
  const heap = options.memoryMb ? [`--max-old-space-size=${options.memoryMb}`] : []
  const args = [...heap, '--disable-warning=ExperimentalWarning', entry]
  const subprocess = execa(
    process.execPath,
    [...args, String(options.slots), options.handlersDir, String(options.memoryMb ?? 0)],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      buffer: false,
      reject: false,
      cleanup: false,
      extendEnv: false,
      env: childEnvironment(options.env),
    },
  )
  const input = subprocess.stdio[3] as unknown as Duplex
  const output = subprocess.stdio[4] as unknown as Readable
  let stderr = ''
  subprocess.stderr?.on('data', chunk => {
    stderr = (stderr + String(chunk)).slice(-4096)
  })
  output.setEncoding('utf8')
  output.on(
    'data',
    splitLines(line => events.onMessages(JSON.parse(line) as FromChild[])),
  )
  input.on('error', () => {})
  input.resume()
  output.on('error', () => {})

  // What it wrote before it died comes out of the pipe after its exit.
  let how: string | undefined
  let read = false
  const maybeEnd = () => {
    if (how !== undefined && read) events.onExit({ how, stderr })
  }
  subprocess.nodeChildProcess.once('exit', (code, signal) => {
    how = signal ? `signal ${signal}` : `exit code ${code}`
    maybeEnd()
  })
  subprocess.nodeChildProcess.once('error', error => {
    if (subprocess.pid !== undefined) return
    how = error.message
    read = true
    maybeEnd()
  })
  output.once('close', () => {
    read = true
    maybeEnd()
  })
  return {
    pid: subprocess.pid ?? -1,
    write: frames => input.write(frames),
    send: frame => input.write(`${JSON.stringify(frame)}\n`),
    end: () => input.end(),
    kill: () => subprocess.kill('SIGKILL'),
  }
}

const inherited = ['PATH', 'HOME', 'TZ', 'LANG']

const childEnvironment = (extra: Record<string, string> = {}): Record<string, string> => {
  const env: Record<string, string> = {
    // Compiled code of the entry and of handlers: starting is 35 ms shorter. Not in the temporary folder, where others
    // could write.
    NODE_COMPILE_CACHE: join(homedir(), '.cache', 'tqflow'),
  }
  for (const name of inherited) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, ...extra }
}
