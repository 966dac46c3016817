import { styleText } from 'node:util'
import { cut, widthOf } from './width.ts'

/** What a command may touch of the outside: where it prints, whether people look on, and when it should stop. */
export type Io = {
  /** The answer: stdout. */
  out(text: string): void
  /** Progress, warnings and hints: stderr. */
  err(text: string): void
  /**
   * Draws lines over the frame before, on a terminal only: stderr. Each is cut to the terminal's width, and again when that
   * changes; what `err` prints meanwhile goes above. `stays`: the frame is the last, and left in the scrollback.
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
  // Of what only comments nothing hangs: the command goes on, and exits as it would have.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const terminal = process.stderr.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI
  const columns = () => process.stderr.columns || 80
  const rows = () => process.stderr.rows || 24
  let frame: string[] = []
  let drawn: number[] = []
  const draw = (lines: string[]) => {
    const fitting = lines.map(line => cut(line, columns()))
    drawn = fitting.map(widthOf)
    return fitting.map(line => `${line}\n`).join('')
  }
  // A terminal that has become narrower shows the lines of before in more rows.
  const erase = () => {
    const height = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns())), 0)
    return height > 0 ? `\u001b[${height}A\u001b[0G\u001b[0J` : ''
  }
  const put = (text: string, lines: string[]) => {
    frame = lines
    process.stderr.write(`${erase()}${text}${draw(lines)}`)
  }
  const onResize = () => {
    if (frame.length > 0) put('', frame.slice(0, Math.max(1, rows() - 1)))
  }
  process.stderr.on('resize', onResize)
  return {
    out: text => void process.stdout.write(`${text}\n`),
    err: text => put(`${text}\n`, frame),
    frame(lines, stays = false) {
      put('', lines)
      if (stays) frame = []
      if (stays) drawn = []
    },
    terminal,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    columns,
    rows,
    paint: (color, text) => styleText(color, text, { stream: process.stderr, validateStream: true }),
    cwd: process.cwd(),
    env: process.env,
    signal: stop.signal,
    onSecondSignal: action => void (second = action),
    close() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      process.stderr.off('resize', onResize)
    },
  }
}
