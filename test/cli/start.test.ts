import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { execa } from 'execa'
import { runningDev } from '../../engine/client.ts'
import { testDatabase } from '../support/postgres.ts'
import { copy, environment, project, root, tq } from './support.ts'

type Report = { entries: number; present: number; absent: number; packages: { path: string; sha256: string }[] }
const reportOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'reports/licences.json'), 'utf8')) as Report

test.serial('npm start runs the licence report on this repository and exits with 0', async t => {
  // Not the database of whoever works here, unless `tq dev` is up and the run must go there.
  const env: Record<string, string> = (await runningDev(root)) ? {} : { TQ_DATABASE_URL: (await testDatabase()).url }
  const { exitCode, stdout, stderr } = await execa('npm', ['start', '--silent'], {
    cwd: root,
    stdin: 'ignore',
    reject: false,
    env: environment(env),
    extendEnv: false,
  })
  t.is(exitCode, 0, stderr)
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: object }
  const report = reportOf(root)
  t.is(report.entries, Object.keys(packages).length - 1)
  t.is(report.present + report.absent, report.entries)
  t.like(JSON.parse(stdout), { entries: report.entries, absent: report.absent, summary: 'reports/licences.json' })
  t.regex(stderr, /↷ audit {2}skipped/)
  // Optional packages of other platforms are absent: allowed failures, which are counted.
  t.regex(stderr, new RegExp(`✓ licence-report \\w{8} succeeded in .*, ${report.absent} warnings`))
  t.true(report.absent > 0)
})

test('a changed package changes its digest alone, and manifests that are the same are not applied again', async t => {
  const dir = project({
    'package-lock.json': JSON.stringify({
      packages: {
        '': {},
        'node_modules/one': { version: '1.0.0' },
        'node_modules/two': { version: '2.0.0' },
        'node_modules/none': { version: '3.0.0', optional: true },
      },
    }),
    'node_modules/one/package.json': '{ "license": "MIT" }',
    'node_modules/one/index.js': 'export default 1\n',
    'node_modules/two/package.json': '{ "license": "ISC" }',
  })
  copy(dir, 'manifests/licence-report.yaml')
  const start = () => tq(dir, ['dev', '--run', 'licence-report'], { env: { TQ_HANDLERS: join(root, 'tasks') } })
  const digests = () => Object.fromEntries(reportOf(dir).packages.map(({ path, sha256 }) => [path, sha256]))

  const first = await start()
  t.is(first.exitCode, 0, first.stderr)
  t.regex(first.stderr, /1 warning \(failures that were allowed\)/)
  const before = digests()
  appendFileSync(join(dir, 'node_modules/one/index.js'), ' ')
  const second = await start()
  t.regex(second.stderr, /3 manifests in manifests\/, no change/)
  const after = digests()
  t.not(after['node_modules/one'], before['node_modules/one'])
  t.is(after['node_modules/two'], before['node_modules/two'])
  t.deepEqual(Object.keys(after), ['node_modules/one', 'node_modules/two'])
})
