import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { compile } from '../../engine/client.ts'
import { root } from '../cli/support.ts'

test('the Schedule of docs/manifests.md, with all that it may have, is one', t => {
  const page = readFileSync(join(root, 'docs/manifests.md'), 'utf8')
  const [, text] = /```yaml\n([\s\S]*?)```/.exec(page)!
  const report =
    'apiVersion: tq/v1\nkind: Chain\nmetadata: { name: report }\nspec: { inputs: { day: { type: string } }, steps: [{ task: noop }] }\n---\n'
  const sources = [{ file: 'manifests.md', text: report + text! }]
  t.deepEqual(compile(sources, { handlers: ['noop'], known: [] }).diagnostics, [])
  const schema = JSON.parse(readFileSync(join(root, 'schemas/manifest.json'), 'utf8'))
  for (const field of Object.keys(schema.$defs.scheduleSpec.properties))
    t.true(new RegExp(`\\b${field}\\b`).test(text!), field)
})
