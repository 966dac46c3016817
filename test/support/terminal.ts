import { spawnSync } from 'node:child_process'
import test from 'ava'
import { execa } from 'execa'
import { entry, environment } from '../cli/support.ts'
import { openScreen, type Screen } from './screen.ts'

const there = spawnSync('script', ['--version']).status === 0
if (!there) console.error('SKIPPED: what needs a terminal needs `script` (util-linux) to have one')
/** A test that needs a terminal. In CI a skip is a failure: there it runs, and fails. */
export const onTerminal = there || process.env.CI ? test : test.skip

export type Terminal = {
  /** What was written to it so far, as it came. */
  text(): string
  /** Types. */
  type(keys: string): void
  /** When it has ended. */
  ended: Promise<{ screen: Screen; text: string; exitCode: number | undefined }>
}

/**
 * Runs a command line of tq on a real terminal. With `narrows` the terminal changes its size once that file is there: the command is
 * held for that moment, so that what is written before and after it can be told apart.
 */
export const terminal = (
  dir: string,
  command: string,
  {
    columns = 60,
    rows = 30,
    narrows,
    env = {},
  }: {
    columns?: number
    rows?: number
    narrows?: { file: string; columns: number; rows: number }
    env?: Record<string, string>
  } = {},
): Terminal => {
  const call = `${process.execPath} --disable-warning=ExperimentalWarning ${entry} ${command}`
  const resized =
    narrows &&
    `${call} & pid=$!; until [ -e ${narrows.file} ]; do sleep 0.02; done; kill -STOP $pid; ` +
      `printf '\\033]size;${narrows.columns};${narrows.rows}\\007'; stty cols ${narrows.columns} rows ${narrows.rows}; kill -CONT $pid; wait $pid`
  const running = execa(
    'script',
    ['-qec', `stty cols ${columns} rows ${rows} -echo; ${resized ?? `exec ${call}`}`, '/dev/null'],
    { cwd: dir, reject: false, env: environment({ TERM: 'xterm', SHELL: '/bin/sh', ...env }), extendEnv: false },
  )
  let text = ''
  running.stdout.on('data', (chunk: Buffer) => void (text += chunk))
  return {
    text: () => text,
    type: keys => void running.stdin.write(keys),
    ended: running.then(({ exitCode, stdout }) => {
      const screen = openScreen(columns, rows)
      screen.write(stdout)
      return { screen, text: stdout, exitCode }
    }),
  }
}
