import { styleText } from 'node:util'

/** What a command may touch of the outside: where it prints, whether people look on, and when it should stop. */
export type Io = {
  /** The answer: stdout. */
  out(text: string): void
  /** Progress, warnings and hints: stderr. */
  err(text: string): void
  /**
   * Draws lines over the frame before, on a terminal only: stderr. What `err` prints meanwhile goes above it. `stays`: the
   * frame is the last, and left in the scrollback.
   */
  frame(lines: string[], stays?: boolean): void
  /** Somebody watches stderr on a terminal that can move its cursor. */
  terminal: boolean
  /** stdin and stderr are terminals. */
  interactive: boolean
  columns(): number
  rows(): number
  paint(color: 'green' | 'red' | 'yellow' | 'blue' | 'dim' | 'bold', text: string): string
  cwd: string
  env: NodeJS.ProcessEnv
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal
  /** Called on each further one. */
  onSecondSignal(action: () => void): void
  close(): void
}

export const openIo = (): Io => {
  const stop = new AbortController()
  let second: () => void = () => process.exit(130)
  const onSignal = () => {
    if (stop.signal.aborted) second()
    else stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A reader that went away (`tq … | head`) is no error of ours.
  const onGone = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
  }
  process.stdout.on('error', onGone)
  const terminal = process.stderr.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI
  let frame: string[] = []
  const put = (lines: string[]) => lines.map(line => `${line}\n`).join('')
  const erase = () => (frame.length > 0 ? `\u001b[${frame.length}A\u001b[0G\u001b[0J` : '')
  return {
    out: text => void process.stdout.write(`${text}\n`),
    err: text => void process.stderr.write(`${erase()}${text}\n${put(frame)}`),
    frame(lines, stays = false) {
      process.stderr.write(`${erase()}${put(lines)}`)
      frame = stays ? [] : lines
    },
    terminal,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
    rows: () => process.stderr.rows ?? 24,
    paint: (color, text) => styleText(color, text, { stream: process.stderr, validateStream: true }),
    cwd: process.cwd(),
    env: process.env,
    signal: stop.signal,
    onSecondSignal: action => void (second = action),
    close() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      process.stdout.off('error', onGone)
    },
  }
}
