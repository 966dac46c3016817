import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestFn } from 'ava'
import { execa } from 'execa'
import type { Io } from '../../cli/io.ts'
import { main } from '../../cli/tq.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const entry = join(root, 'cli/tq.js')

const folders: string[] = []
const alive = new Set<Running>()
// However the test file ends, also by a timeout of the test runner: nothing stays behind.
process.once('exit', () => {
  for (const running of alive) running.kill('SIGTERM')
  for (const dir of folders) rmSync(dir, { recursive: true, force: true })
})

/** A project's folder, removed after the test file: `{ 'manifests/a.yaml': '…' }`. */
export const project = (files: { [path: string]: string } = {}): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-cli-'))
  chmodSync(dir, 0o755) // as root, the embedded Postgres runs as another user
  for (const [path, text] of Object.entries(files)) write(dir, path, text)
  folders.push(dir)
  return dir
}

export const write = (dir: string, path: string, text: string): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

/** Copies files of this repository into a project. */
export const copy = (dir: string, ...paths: string[]): void => {
  for (const path of paths) cpSync(join(root, path), join(dir, path), { recursive: true })
}

/** No settings of whoever runs the tests. */
export const environment = (more: Record<string, string> = {}): Record<string, string> => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TQ_|DATABASE_URL$|CI$|NO_COLOR$|FORCE_COLOR$)/.test(name),
  )
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...more }
}

/** Runs `tq` in a process of its own and resolves when it has ended, however that went. */
export const tq = (
  dir: string,
  args: string[],
  { env, ...options }: { env?: Record<string, string>; input?: string } = {},
) =>
  execa(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], {
    cwd: dir,
    reject: false,
    ...('input' in options ? options : { stdin: 'ignore' as const }),
    env: environment(env),
    extendEnv: false,
    forceKillAfterDelay: false,
  }) as unknown as Running

/** Runs a command line in this process, where a process of its own would only cost time. */
export const tqHere = async (
  dir: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
  const stdout: string[] = []
  const stderr: string[] = []
  const io: Io = {
    out: text => void stdout.push(text),
    err: text => void stderr.push(text),
    frame: () => {},
    terminal: false,
    interactive: false,
    columns: () => 80,
    rows: () => 24,
    paint: (_, text) => text,
    cwd: dir,
    env,
    signal: new AbortController().signal,
    onSecondSignal: () => {},
    close: () => {},
  }
  return { exitCode: await main(args, io), stdout: stdout.join('\n'), stderr: stderr.join('\n') }
}

/** A running `tq`; awaited, how it ended. */
export type Running = Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> & {
  pid?: number
  kill(signal?: NodeJS.Signals): boolean
  stdout: NodeJS.ReadableStream
  stderr: NodeJS.ReadableStream
}

/** Resolves with what was printed to stderr up to a text. Rejects when the process ends before. */
export const printed = (running: Running, wanted: string | RegExp, count = 1): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const found = () => text.split(wanted).length > count
    running.stderr.on('data', (chunk: Buffer) => {
      text += chunk
      if (found()) resolve(text)
    })
    running.then(
      ({ stderr }) => (found() ? resolve(text) : reject(new Error(`ended without printing ${wanted}:\n${stderr}`))),
      reject,
    )
  })

/** `tq dev` in a folder, up. In an object, because a running process is a promise of its end. */
export const dev = async (
  dir: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<{ running: Running; banner: string }> => {
  const running = tq(dir, ['dev', ...args], { env })
  const banner = await printed(running, 'Ctrl-C stops')
  alive.add(running)
  const ended = () => alive.delete(running)
  running.then(ended, ended)
  return { running, banner }
}

/** Ctrl-C, and how it ended. */
export const stop = (running: Running): Running => {
  running.kill('SIGINT')
  return running
}

/** `tq dev` for all tests of a file. */
export const devForAll = (test: TestFn<unknown>, dir: string, env: Record<string, string> = {}): void => {
  let up: Running
  test.before(async () => {
    up = (await dev(dir, [], env)).running
  })
  test.after.always('tq dev ends', async () => {
    await stop(up)
  })
}

/** The processes of the Postgres in a project. */
export const postgresOf = async (dir: string): Promise<string[]> => {
  const { stdout } = await execa('ps', ['-eo', 'pid,args'])
  return stdout.split('\n').filter(line => line.includes(dir) && line.includes('postgres') && !line.includes('ps -eo'))
}
