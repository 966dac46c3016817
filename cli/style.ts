import { styleText } from 'node:util'
import type { Io } from './io.ts'

/** How output looks: asked for by `--color` and `--ascii`, else by the environment. */
export type Style = { color?: unknown; ascii?: unknown }

/** The same output in this style. Without colours icons still tell states apart; without Unicode letters of ASCII do. */
export const styled = (io: Io, { color, ascii }: Style): Io => {
  const painted: Io =
    color === 'never'
      ? { ...io, paint: (_, text) => text }
      : color === 'always'
        ? { ...io, paint: (name, text) => styleText(name, text, { validateStream: false }) }
        : io
  const asked = ascii === true
  if (!asked && !isAscii(io.env)) return painted
  return {
    ...painted,
    // What is read by machines stays as it is, unless somebody asks.
    out: text => painted.out(asked || process.stdout.isTTY ? toAscii(text) : text),
    err: text => painted.err(toAscii(text)),
    frame: (lines, stays) => painted.frame(lines.map(toAscii), stays),
  }
}

/** The locale says that there is nothing but ASCII. */
const isAscii = (env: Io['env']): boolean => /^(C|POSIX)$/.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')

/** Each is one letter for one, so that columns stay where they are. */
const letters: { [sign: string]: string } = {
  '✓': '+',
  '✖': 'x',
  '▷': '>',
  '◷': '.',
  '↻': '~',
  '⊘': '-',
  '↷': '-',
  '●': '*',
  '━': '#',
  '╌': '.',
  '├': '|',
  '└': '`',
  '│': '|',
  '─': '-',
  '…': '~',
  '→': '>',
  '—': '-',
  '·': '-',
  '×': 'x',
}
const toAscii = (text: string): string => text.replaceAll(/[✓✖▷◷↻⊘↷●━╌├└│─…→—·×]/gu, sign => letters[sign]!)
