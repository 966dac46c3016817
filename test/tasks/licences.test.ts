import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import type { Result } from '../../engine/executor/index.ts'
import { testPool } from '../support/pool.ts'

const handlersDir = fileURLToPath(new URL('../../tasks', import.meta.url))
const outputOf = (result: Result) => (result.ok ? JSON.parse(result.output) : result.error)

/** A project with two packages, one of them nested in the other, and a third that is not installed. */
const project = (t: ExecutionContext): string => {
  const root = mkdtempSync(join(tmpdir(), 'tq-licences-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  const install = (path: string, manifest: object) => {
    mkdirSync(join(root, path, 'lib'), { recursive: true })
    writeFileSync(join(root, path, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(root, path, 'lib', 'index.js'), 'export {}\n')
  }
  install('node_modules/@scope/a', { license: 'MIT' })
  install('node_modules/@scope/a/node_modules/b', { licenses: [{ type: 'ISC' }, { type: 'MIT' }] })
  const packages = {
    '': { name: 'project' },
    'node_modules/@scope/a': { version: '1.0.0' },
    'node_modules/@scope/a/node_modules/b': { version: '2.0.0' },
    'node_modules/c': { version: '3.0.0', optional: true },
  }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }))
  return root
}

test('the packages of a lockfile are listed, inspected, and reported', async t => {
  const root = project(t)
  const { run } = await testPool(t, { handlersDir })
  const entries = outputOf(await run('licences/list', { lockfile: join(root, 'package-lock.json') }))
  t.deepEqual(entries, [
    { path: 'node_modules/@scope/a', name: '@scope/a', version: '1.0.0', optional: false },
    { path: 'node_modules/@scope/a/node_modules/b', name: 'b', version: '2.0.0', optional: false },
    { path: 'node_modules/c', name: 'c', version: '3.0.0', optional: true },
  ])

  const a = outputOf(await run('licences/inspect', { ...entries[0], root }))
  const b = outputOf(await run('licences/inspect', { ...entries[1], root }))
  t.like(a, { licence: 'MIT', files: 2, bytes: 27 })
  t.like(b, { licence: 'ISC OR MIT', files: 2 })
  t.regex(a.sha256, /^[0-9a-f]{64}$/)
  t.like(outputOf(await run('licences/inspect', { ...entries[2], root })), {
    name: 'PackageAbsent',
    message: `c 3.0.0 is not in ${join(root, 'node_modules/c')}`,
  })

  const folder = join(root, 'reports')
  const summary = outputOf(await run('licences/report', { packages: [b, null, a], folder }))
  t.like(summary, { entries: 3, present: 2, absent: 1, licences: { 'ISC OR MIT': 1, MIT: 1 } })
  const written = readFileSync(summary.json, 'utf8')
  t.deepEqual(JSON.parse(written).packages, [a, b])
  t.regex(readFileSync(summary.markdown, 'utf8'), /3 packages are in the lockfile: 2 installed, 1 absent/)

  await run('licences/report', { packages: [a, null, b], folder })
  t.is(readFileSync(summary.json, 'utf8'), written, 'in any order the same bytes')
})

test('a licence that is not allowed fails the audit', async t => {
  const { run } = await testPool(t, { handlersDir })
  t.like(outputOf(await run('licences/audit', { licences: { MIT: 3, '(GPL-3.0 OR MIT)': 1 } })), { checked: 2 })
  t.like(outputOf(await run('licences/audit', { licences: { 'GPL-3.0': 2 } })), {
    name: 'LicenceRefused',
    message: 'not allowed: GPL-3.0 (2)',
  })
})
