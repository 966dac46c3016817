import { type Diagnostic, formatDiagnostic, type Source } from '../engine/client.ts'
import type { Io } from './io.ts'
import { count } from './output.ts'

type Printed = { diagnostics: Diagnostic[]; sources: Source[]; ending: string; fine?: string }

/** On stdout for machines: JSON, GitHub's annotations, SARIF; or for people with excerpts, and how many there are. */
export const printDiagnostics = (
  io: Io,
  format: string | undefined,
  { diagnostics, sources, ending, fine }: Printed,
): void => {
  if (format === 'json') {
    io.out(JSON.stringify({ diagnostics }, null, 2))
    return
  }
  if (format === 'github') return void diagnostics.forEach(one => io.out(annotation(one)))
  if (format === 'sarif') return void io.out(JSON.stringify(sarif(diagnostics), null, 2))
  const texts = new Map(sources.map(source => [source.file, source.text]))
  const shown = diagnostics.slice(0, 100)
  for (const diagnostic of shown) io.err(`${formatDiagnostic(diagnostic, texts.get(diagnostic.file))}\n`)
  if (diagnostics.length > shown.length)
    io.err(`… and ${diagnostics.length - shown.length} more; -o json lists them all\n`)
  const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error')
  const files = new Set(errors.map(error => error.file)).size
  if (errors.length > 0) {
    io.err(`${count(errors.length, 'error')} in ${count(files, 'file')}${among(errors)}. ${ending}`)
    io.err(`more about one: tq explain ${errors[0]!.code}`)
  }
  if (errors.length === 0 && fine) io.out(fine)
}

/** The manifests that errors are in, where they are few. */
const among = (errors: Diagnostic[]): string => {
  const names = [...new Set(errors.flatMap(error => error.manifest ?? []))]
  return names.length > 0 && names.length <= 3 ? ` (${names.join(', ')})` : ''
}

/** A line of a GitHub workflow's log that annotates the place in the file. */
const annotation = ({ severity, file, line, column, endColumn, code, message }: Diagnostic): string => {
  const properties = { file, line, col: column, ...(endColumn ? { endColumn } : {}), title: code }
  const written = Object.entries(properties).map(([name, value]) => `${name}=${escaped(String(value), /[%\r\n:,]/g)}`)
  return `::${severity} ${written.join(',')}::${escaped(message, /[%\r\n]/g)}`
}

const escaped = (text: string, special: RegExp): string =>
  text.replace(special, char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

/** Static Analysis Results Interchange Format 2.1.0, as code scanning takes it. */
const sarif = (diagnostics: Diagnostic[]) => ({
  $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name: 'tq', rules: [...new Set(diagnostics.map(one => one.code))].map(id => ({ id })) } },
      results: diagnostics.map(({ severity, code, message, file, line, column, endColumn }) => ({
        ruleId: code,
        level: severity,
        message: { text: message },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: file },
              region: { startLine: line, startColumn: column, ...(endColumn ? { endColumn } : {}) },
            },
          },
        ],
      })),
    },
  ],
})
