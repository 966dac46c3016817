import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test from 'ava'

/**
 * Arrows point one way: cli -> engine/{client,reader,server}.ts -> http -> runtime -> compile | store | broker | executor -> model
 * -> schemas; tasks -> engine/task.ts. The four siblings do not know each other.
 */
const root = join(import.meta.dirname, '..')

/** Folders that a folder's files may import from, beside their own. `types`: only types of it. */
const allowed: { [layer: string]: { from: string[]; types?: string[] } } = {
  cli: { from: ['engine/client.ts', 'engine/reader.ts', 'engine/server.ts'] },
  'engine/reader.ts': {
    from: ['engine/runtime', 'engine/store', 'engine/broker', 'engine/model', 'schemas'],
  },
  'engine/client.ts': {
    from: [
      'engine/reader.ts',
      'engine/http',
      'engine/runtime',
      'engine/compile',
      'engine/store',
      'engine/broker',
      'engine/executor',
      'engine/model',
      'schemas',
    ],
  },
  'engine/server.ts': {
    from: [
      'engine/http',
      'engine/runtime',
      'engine/compile',
      'engine/store',
      'engine/broker',
      'engine/executor',
      'engine/model',
      'schemas',
    ],
  },
  'engine/testing.ts': {
    from: ['engine/client.ts', 'engine/server.ts', 'engine/runtime', 'engine/store', 'engine/model'],
    types: ['engine/task.ts', 'engine/compile'],
  },
  'engine/task.ts': { from: [] },
  'engine/http': {
    from: [
      'engine/runtime',
      'engine/compile',
      'engine/store',
      'engine/broker',
      'engine/executor',
      'engine/model',
      'schemas',
    ],
  },
  'engine/runtime': {
    from: ['engine/compile', 'engine/store', 'engine/broker', 'engine/executor', 'engine/model', 'schemas'],
  },
  'engine/compile': { from: ['engine/model', 'schemas'] },
  'engine/store': { from: ['engine/model'] },
  'engine/broker': { from: ['engine/model'] },
  'engine/executor': { from: ['engine/model'], types: ['engine/task.ts'] },
  'engine/model': { from: ['schemas'] },
  tasks: { from: ['engine/task.ts'] },
}

/**
 * Packages and Node's own modules that pure folders may use: nothing that reads, writes, connects or waits. `tqflow` is imported by
 * a text that is written there.
 */
const pure: { [layer: string]: string[] } = {
  'engine/model': ['node:crypto', 'node:util', 'handlebars', 'cron-parser', 'suncalc', 'ajv', 'ajv-formats'],
  'engine/compile': [
    'node:crypto',
    'node:util',
    'handlebars',
    'cron-parser',
    'suncalc',
    'ajv',
    'ajv-formats',
    'yaml',
    'tqflow',
  ],
  'engine/task.ts': [],
}

type Import = { file: string; layer: string; what: string; type: boolean; lazy: boolean }

/** A file without its block comments. */
const code = (file: string): string => readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')

const layerOf = (file: string): string => {
  const [first, second] = file.split('/') as [string, string?]
  return first === 'engine' ? `engine/${second}` : first
}

const imports = (file: string): Import[] => {
  const text = code(file)
  const found = [
    ...text.matchAll(
      /(?:^|\n|;)\s*(?:import|export)\s+(type\s+)?(?:[^'"\n;]*?\sfrom\s+|(?=['"]))(['"])([^'"]+)\2|\bimport\(\s*(['"])([^'"]+)\4|\n\}\s+from\s+(['"])([^'"]+)\6/g,
    ),
  ]
  return found.map(match => ({
    file,
    layer: layerOf(file),
    what: match[3] ?? match[5] ?? match[7]!,
    type: match[1] !== undefined,
    lazy: match[5] !== undefined,
  }))
}

const files = globSync(['engine/**/*.ts', 'cli/**/*.{ts,js}', 'tasks/**/*.ts'], { cwd: root })
const all = files.flatMap(imports)
const within = (place: string, layers: string[]): boolean =>
  layers.some(layer => place === layer || place.startsWith(`${layer}/`))

test('imports were found', t => {
  t.true(files.length > 100)
  t.true(all.length > 300, `${all.length}`)
})

test('imports between folders go one way', t => {
  const wrong = all.filter(one => {
    if (!one.what.startsWith('.')) return false
    const target = relative(root, join(root, dirname(one.file), one.what))
    const rules = allowed[one.layer]
    if (within(target, [one.layer])) return false
    if (target === 'package.json') return false
    return !rules || !(within(target, rules.from) || (one.type && within(target, rules.types ?? [])))
  })
  t.deepEqual(
    wrong.map(({ file, what }) => `${file} imports ${what}`),
    [],
  )
})

/** Inside of compile: each stage may know those before it, and what all of them share. */
const stages = ['text', 'schema', 'expression', 'workflow', 'trigger', 'project'].map(name => `engine/compile/${name}`)
const shared = ['engine/compile/catalog.ts', 'engine/compile/compilation.ts']

test('the stages of compiling go one way', t => {
  const staged = all.filter(one => within(one.file, stages) && one.what.startsWith('.'))
  const wrong = staged.filter(one => {
    const target = relative(root, join(root, dirname(one.file), one.what))
    const own = stages.findIndex(stage => within(one.file, [stage]))
    return within(target, ['engine/compile']) && !within(target, [...stages.slice(0, own + 1), ...shared])
  })
  t.true(staged.length > 100)
  t.deepEqual(
    wrong.map(({ file, what }) => `${file} imports ${what}`),
    [],
  )
})

test('who only looks loads nothing that compiles, and no client of Kafka', t => {
  const seen = new Set(['engine/reader.ts'])
  for (const file of seen)
    for (const { what, type, lazy } of all.filter(one => one.file === file))
      if (!type && !lazy) seen.add(what.startsWith('.') ? relative(root, join(root, dirname(file), what)) : what)
  t.true(seen.size > 50)
  t.deepEqual(
    [...seen].filter(one =>
      within(one, ['engine/compile', 'ajv', 'ajv-formats', 'handlebars', 'yaml', 'kafkajs', 'pg-boss']),
    ),
    [],
  )
})

test('model and compile are pure', t => {
  const wrong = all.filter(
    ({ layer, what }) =>
      pure[layer] && !what.startsWith('.') && !pure[layer].some(name => what === name || what.startsWith(`${name}/`)),
  )
  t.deepEqual(
    wrong.map(({ file, what }) => `${file} imports ${what}`),
    [],
  )
})

test('only the store speaks SQL, beside the listening of the postgres broker and the making of a database', t => {
  const wrong = files.filter(file => {
    if (within(file, ['engine/store']) || ['engine/broker/postgres.ts', 'engine/runtime/embedded.ts'].includes(file))
      return false
    return /\bsql(<[^`]*>)?`|\.query\(/.test(code(file))
  })
  t.deepEqual(wrong, [])
})

test('pg is known to the store, the postgres broker and the embedded server alone, execa to the executor, it and init', t => {
  const users = (name: string) =>
    [...new Set(all.filter(one => one.what === name && !one.type).map(one => one.file))].sort()
  t.deepEqual(
    users('pg').filter(
      file =>
        !within(file, [
          'engine/store',
          'engine/broker/postgres.ts',
          'engine/runtime/embedded',
          'engine/runtime/embedded.ts',
        ]),
    ),
    [],
  )
  t.deepEqual(
    users('execa').filter(
      file => !within(file, ['engine/executor', 'engine/runtime/embedded', 'cli/commands/init.ts']),
    ),
    [],
  )
})

/** Servers of our own need to know where things are on this machine. */
const embedded = ['engine/runtime/embedded', 'engine/runtime/embedded-kafka']

test('only the configuration and the command line read the environment', t => {
  const wrong = files.filter(
    file => within(file, ['engine']) && readFileSync(join(root, file), 'utf8').includes('process.env'),
  )
  const known = ['engine/runtime/config.ts', 'engine/executor/process.ts', 'engine/executor/child.ts']
  t.deepEqual(
    wrong.filter(file => !known.includes(file) && !within(file, [...embedded, 'engine/executor/inside'])),
    [],
  )
})
