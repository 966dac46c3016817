import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { compile, formatDiagnostic } from '../../engine/compile/index.ts'
import { handlers } from './support.ts'

/** Mutated manifests: whatever comes in, diagnostics or a plan come out, and every place lies in the text. */
const texts = ['../../manifests/invalid/', '../../manifests/'].flatMap(folder =>
  readdirSync(new URL(folder, import.meta.url))
    .filter(file => file.endsWith('.yaml'))
    .map(file => readFileSync(new URL(folder + file, import.meta.url), 'utf8')),
)
/** More of them: `TQ_FUZZ=seed:rounds npm test -- test/compile/fuzz.test.ts`. */
const [seed = 20260501, rounds = 1500] = (process.env.TQ_FUZZ ?? '').split(':').filter(Boolean).map(Number)
const pieces = [
  '{{',
  '}}',
  '[',
  ']',
  '{',
  '}',
  ': ',
  '- ',
  '\n',
  '\t',
  '&a ',
  '*a',
  '<<: ',
  '"',
  "'",
  '#',
  '|',
  '!!x ',
  '? ',
  'null',
  '0',
  '---\n',
  '\u0000',
  '\ufeff',
  '💥',
  'steps',
  'id',
  'needs: [',
  'forEach: ',
  '__proto__: ',
]

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
  return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
}

const mutate = (text: string, next: () => number): string => {
  const at = Math.floor(next() * text.length)
  const kind = next()
  const piece = pieces[Math.floor(next() * pieces.length)]!
  if (kind < 0.4) return text.slice(0, at) + piece + text.slice(at)
  if (kind < 0.7) return text.slice(0, at) + text.slice(at + Math.ceil(next() * 12))
  const from = Math.floor(next() * text.length)
  return text.slice(0, at) + text.slice(from, from + Math.floor(next() * 60)) + text.slice(at)
}

test('no text makes the compiler throw', t => {
  t.timeout(30_000 + rounds * 20)
  const next = random(seed)
  for (let round = 0; round < rounds; round++) {
    let text = texts[round % texts.length]!
    for (let count = 0; count <= round % 4; count++) text = mutate(text, next)
    const started = performance.now()
    const { diagnostics, manifests } = compile([{ file: 'fuzz.yaml', text }], { handlers, known: [] })
    if (performance.now() - started > 5000) t.fail(`it took ${performance.now() - started} ms:\n${text}`)
    const lines = text.split('\n').length
    for (const diagnostic of diagnostics) {
      formatDiagnostic(diagnostic, text)
      if (diagnostic.line < 1 || diagnostic.line > lines || diagnostic.column < 1)
        t.fail(`${JSON.stringify(diagnostic)}\n${text}`)
    }
    if (diagnostics.length === 0)
      for (const one of manifests) if (one.kind !== 'Queue' && !one.plan && !one.trigger) t.fail(text)
  }
  t.pass()
})

const hostile: [string, string][] = [
  ['a million open brackets', '['.repeat(1_000_000)],
  ['a million open braces in an expression', `x: "{{ ${'('.repeat(100_000)}"`],
  ['deep indentation', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
  ['many dashes on a line', `${'- '.repeat(5000)}x`],
  [
    'aliases that double',
    Array.from({ length: 40 }, (_, i) => (i === 0 ? 'x-0: &a0 [1]' : `x-${i}: &a${i} [*a${i - 1}, *a${i - 1}]`)).join(
      '\n',
    ),
  ],
  [
    'helpers in helpers',
    `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: x }\nspec: { steps: [{ task: noop, with: "{{ ${'(not '.repeat(5000)}true${')'.repeat(5000)} }}" }] }`,
  ],
  [
    'aliases that grow deep',
    Array.from({ length: 900 }, (_, i) => (i === 0 ? 'x-0: &a0 [1]' : `x-${i}: &a${i} [[[[[[*a${i - 1}]]]]]]`)).join(
      '\n',
    ),
  ],
  ['an alias of itself', 'a: &a [*a]'],
  ['many keys', Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')],
  ['nothing', ''],
  ['a byte order mark', '\ufeff'],
  ['only separators', '---\n---\n...\n---\n'],
]

for (const [name, text] of hostile) {
  test(`${name} is answered soon`, t => {
    t.timeout(20_000)
    const started = performance.now()
    const { diagnostics } = compile([{ file: 'hostile.yaml', text }], { handlers, known: [] })
    t.true(performance.now() - started < 10_000)
    t.is(diagnostics.length > 0, text.replace(/[-.\s\ufeff]/g, '') !== '')
  })
}
