import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { compile, formatDiagnostic } from '../../engine/compile/index.ts'
import { handlers } from './support.ts'

/** Each file says in its first line what the one diagnostic is that it gives: `# CODE line:column`. */
const folder = new URL('../../manifests/invalid/', import.meta.url)

for (const file of readdirSync(folder).filter(name => name.endsWith('.yaml'))) {
  test(`${file} is refused with its one diagnostic`, t => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const { diagnostics } = compile([{ file, text }], { handlers, known: [] })
    const found = diagnostics.map(({ code, line, column }) => `# ${code} ${line}:${column}`)
    t.deepEqual(found, [text.split('\n')[0]], diagnostics.map(one => formatDiagnostic(one, text)).join('\n'))
  })
}
