import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { compile } from '../../engine/compile/index.ts'
import { schemes } from '../../engine/http/scheme/index.ts'
import { isTimed, mayNameHeader } from '../../engine/model/hook.ts'
import manifest from '../../schemas/manifest.json' with { type: 'json' }
import { root } from '../cli/support.ts'

const page = readFileSync(join(root, 'docs/hooks.md'), 'utf8')
const checkout = `
apiVersion: tq/v1
kind: Chain
metadata: { name: checkout }
spec: { inputs: { payment: { type: object } }, steps: [{ task: noop }] }
---
`

test('the Hook of docs/hooks.md is one', t => {
  const [, text] = /^```yaml\n([\s\S]*?)^```$/m.exec(page)!
  const { diagnostics } = compile([{ file: 'hooks.md', text: `${checkout}${text}` }], { handlers: ['noop'], known: [] })
  t.deepEqual(diagnostics, [])
})

test('the schemes are the same in the schema, in the table that verifies, in what compiling knows, and on the page', t => {
  const names = Object.keys(schemes)
  t.deepEqual(manifest.$defs.hookSpec.properties.verify.properties.scheme.enum, names)
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| .* \| (yes|no|as `hmac`) \|/gm)]
  t.deepEqual(
    rows.map(row => row[1]!),
    names,
  )
  for (const [name, { timed, headerMayDiffer }] of Object.entries(schemes)) {
    t.is(isTimed(name), timed, name)
    t.is(mayNameHeader(name), headerMayDiffer, name)
    t.is(page.includes(`| \`${name}\``), true)
  }
  for (const [, name, signsTime] of rows) t.is(signsTime === 'yes', isTimed(name!), name!)
})
