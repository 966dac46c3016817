import { type Diagnostic, formatDiagnostic, type Source } from '../engine/client.ts'
import type { Io } from './io.ts'

type Printed = { diagnostics: Diagnostic[]; sources: Source[]; ending: string; fine?: string }

/** As JSON on stdout, or for people with excerpts, and how many there are. */
export const printDiagnostics = (
  io: Io,
  format: string | undefined,
  { diagnostics, sources, ending, fine }: Printed,
): void => {
  if (format === 'json') {
    io.out(JSON.stringify({ diagnostics }, null, 2))
    return
  }
  const texts = new Map(sources.map(source => [source.file, source.text]))
  const shown = diagnostics.slice(0, 100)
  for (const diagnostic of shown) io.err(`${formatDiagnostic(diagnostic, texts.get(diagnostic.file))}\n`)
  if (diagnostics.length > shown.length)
    io.err(`… and ${diagnostics.length - shown.length} more; -o json lists them all\n`)
  const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error')
  const files = new Set(errors.map(error => error.file)).size
  if (errors.length > 0) io.err(`${count(errors.length, 'error')} in ${count(files, 'file')}. ${ending}`)
  else if (fine) io.out(fine)
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`
