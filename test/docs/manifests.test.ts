import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parseAllDocuments } from 'yaml'
import { copy, devForAll, project, root, tqHere, write } from '../cli/support.ts'

type Example = {
  input: unknown
  expect: { state: string; output?: unknown; warnings?: number; error?: string; status?: number; body?: unknown }
}
type Document = { kind: string; metadata: { name: string }; 'x-example'?: Example[] }

/** Made to go wrong; test/tasks/poison.test.ts and the tests of faults run it. */
const others = ['poison.yaml']
const files = readdirSync(join(root, 'manifests')).filter(name => name.endsWith('.yaml') && !others.includes(name))
const documents = files.flatMap(file =>
  parseAllDocuments(readFileSync(join(root, 'manifests', file), 'utf8')).map(document => ({
    file,
    document: document.toJS() as Document,
  })),
)

const dir = project()
copy(dir, ...files.map(file => join('manifests', file)), 'package-lock.json')
symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))

const secrets = { TQ_SECRET_GITHUB__WEBHOOK: 'a secret of the test' }
devForAll(test, dir, { TQ_HANDLERS: join(root, 'tasks'), ...secrets })

test('every sample has an example of every workflow and hook in it', t => {
  for (const { file, document } of documents)
    if (['Chain', 'Group', 'Chord', 'Flow', 'Hook'].includes(document.kind))
      t.true((document['x-example']?.length ?? 0) > 0, `${file}: ${document.metadata.name}`)
})

for (const { file, document } of documents.filter(one => one.document.kind === 'Hook'))
  for (const [i, { input, expect }] of (document['x-example'] ?? []).entries())
    test(`manifests/${file}: a delivery to ${document.metadata.name}, example ${i + 1}, is answered ${expect.status}`, async t => {
      const args = ['hook', 'send', document.metadata.name, '--data', JSON.stringify(input), '-o', 'json']
      const { stdout, stderr } = await tqHere(dir, args, secrets)
      const found = JSON.parse(stdout) as { status: number; body: unknown }
      t.is(found.status, expect.status!, `${stderr}${stdout}`)
      if ('body' in expect) t.deepEqual(found.body, expect.body)
    })

for (const { file, document } of documents.filter(one => one.document.kind !== 'Hook'))
  for (const [i, { input, expect }] of (document['x-example'] ?? []).entries())
    test(`manifests/${file}: ${document.metadata.name}, example ${i + 1}, is ${expect.state}`, async t => {
      const inputFile = join(dir, `${document.metadata.name}-${i}.json`)
      write(dir, `${document.metadata.name}-${i}.json`, JSON.stringify(input))
      const { stdout, stderr } = await tqHere(dir, [
        'run',
        document.metadata.name,
        '--input-file',
        inputFile,
        '--wait',
        '-o',
        'json',
      ])
      const found = JSON.parse(stdout) as {
        state: string
        output: unknown
        warnings: number
        error: { name: string } | null
      }
      t.is(found.state, expect.state, `${stderr}${stdout}`)
      if ('output' in expect) t.deepEqual(found.output, expect.output)
      if (expect.warnings !== undefined) t.is(found.warnings, expect.warnings)
      if (expect.error) t.is(found.error?.name, expect.error)
    })
