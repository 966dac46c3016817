import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { handlersDir } from './engine.ts'

/** The command line's entry. */
export const entry = fileURLToPath(new URL('../../cli/tq.ts', import.meta.url))

export type WorkerProcess = {
  pid: number
  /** Lines it wrote, JSON objects. */
  lines: { level: string; msg: string }[]
  signal(signal: NodeJS.Signals): void
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>
  /** Process ids of its children, now. */
  children(): number[]
}

type Variables = { url: string; [variable: string]: string }

/** `tq worker` as a process of its own, when it is ready. Killed when the test ends. */
export const startWorker = (t: { teardown(end: () => unknown): void }, variables: Variables): Promise<WorkerProcess> =>
  startProcess(t, [entry, 'worker', '-o', 'json'], variables)

/** A script that behaves as `tq worker -o json` does. */
export const startProcess = async (
  t: { teardown(end: () => unknown): void },
  script: string[],
  { url, ...env }: Variables,
): Promise<WorkerProcess> => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...script], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TQ_DATABASE_URL: url,
      TQ_HANDLERS: handlersDir,
      TQ_CONCURRENCY: '1',
      ...env,
    },
  })
  const lines: WorkerProcess['lines'] = []
  const ended = new Promise<number | string>(resolve =>
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1)),
  )
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', line => {
      if (process.env.TQ_DEBUG) console.error(child.pid, line)
      if (!line.startsWith('{')) return void lines.push({ level: 'text', msg: line })
      const found = JSON.parse(line) as { level: string; msg: string }
      lines.push(found)
      if (found.msg === 'ready') resolve()
    })
    void ended.then(code => reject(new Error(`the worker ended with ${code}: ${lines.map(one => one.msg).join('\n')}`)))
  })
  return {
    pid: child.pid!,
    lines,
    signal: signal => void child.kill(signal),
    ended,
    children: () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
  }
}
