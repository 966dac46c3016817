import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { readConfig } from '../../engine/runtime/config.ts'
import { root } from '../cli/support.ts'

/** Pages speak of files of this repository, or of a project that `tq init` made. */
const scaffold = join(root, 'cli/scaffold')
const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name)),
]
const textOf = (document: string): string => readFileSync(join(root, document), 'utf8')

for (const document of documents)
  test(`${document} names only files that are there`, t => {
    t.true(existsSync(join(root, document)))
    const text = textOf(document)
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
      t.true(existsSync(join(root, dirname(document), target!)), target)
    for (const [, path] of text.matchAll(/`((?:engine|cli|test|tasks|manifests|schemas|bench|docs)\/[\w./-]+\.\w+)`/g))
      if (!/tour|wrong/.test(path!))
        t.true(
          [root, scaffold].some(place => existsSync(join(place, path!))),
          path,
        )
  })

test('docs/operations.md lists the variables that the configuration reads, with their defaults', async t => {
  const rows = [...textOf('docs/operations.md').matchAll(/^\| `(TQ_\w+)` \| (.+?) \|/gm)].map(
    ([, name, value]) => [name!, value!] as const,
  )
  const source = textOf('engine/runtime/config.ts')
  t.deepEqual(
    rows.map(([name]) => name).sort(),
    [...new Set([...source.matchAll(/env(?:\.|, ')(TQ_\w+)/g)].map(([, name]) => name!))].sort(),
  )
  const config = await readConfig('/nowhere', {}, {})
  const { kafka } = await readConfig('/nowhere', {}, { TQ_KAFKA_BROKERS: 'localhost:9092' })
  const defaults: Record<string, unknown> = {
    TQ_DATABASE_SCHEMA: `\`${config.schema}\``,
    TQ_NAMESPACE: `\`${config.namespace}\``,
    TQ_CONCURRENCY: String(config.concurrency),
    TQ_SLOTS: String(config.slots),
    TQ_LEASE: `${config.leaseMs / 1000}s`,
    TQ_KILL_GRACE: `${config.graceMs / 1000}s`,
    TQ_SHUTDOWN_TIMEOUT: `${config.drainMs / 1000}s`,
    TQ_KAFKA_TOPIC_PREFIX: `\`${kafka!.topicPrefix}\``,
    TQ_KAFKA_CLIENT_ID: `\`${kafka!.clientId}\``,
  }
  for (const [name, value] of rows) if (name in defaults) t.is(value, defaults[name] as string, name)
})

test('the states of the glossary are those of jobs and runs', async t => {
  const { jobStates, runStates } = await import('../../engine/model/state.ts')
  const text = textOf('docs/glossary.md')
  for (const state of [...jobStates, ...runStates]) t.true(text.includes(`\`${state}\``), state)
})

test('docs/semantics.md has every rule, each with its tests or as planned', t => {
  const rules = textOf('docs/semantics.md')
    .split(/^\*\*(?=[LRA]\d)/m)
    .slice(1)
  const wanted = [
    ...Array.from({ length: 11 }, (_, i) => `L${i + 1}`),
    ...Array.from({ length: 14 }, (_, i) => `R${i}`),
    ...Array.from({ length: 6 }, (_, i) => `A${i + 1}`),
  ]
  t.deepEqual(
    rules.map(rule => /^\w+/.exec(rule)![0]),
    wanted,
  )
  for (const rule of rules) t.regex(rule, /Tests:\s+`test\/|\*Planned\.\*/, rule.slice(0, 40))
})
