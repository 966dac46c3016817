import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { allBoxes, type Box, boxOf } from '../../cli/graph/box.ts'
import { svgOf } from '../../cli/graph/svg.ts'
import { dotOf, mermaidOf, treeOf } from '../../cli/graph/text.ts'
import { compile, type Plan } from '../../engine/client.ts'
import { root } from './support.ts'

const folder = join(root, 'manifests')
const sources = readdirSync(folder)
  .filter(name => name.endsWith('.yaml'))
  .map(file => ({ file, text: readFileSync(join(folder, file), 'utf8') }))
const plans = compile(sources, { handlers: null, known: [] }).manifests.flatMap(({ kind, plan }) =>
  plan && ['Chain', 'Group', 'Chord', 'Flow'].includes(kind) ? [plan] : [],
)
const plan = (name: string): Plan => plans.find(one => one.name === name)!

test('branches say what each step waits for, one of several and failures too', t => {
  t.is(
    treeOf(boxOf(plan('etl'), null)),
    [
      'etl  flow',
      '├─ orders  task samples/extract',
      '├─ refunds  task samples/extract',
      '├─ quality  task samples/check  after orders, refunds',
      '├─ load  task log  after quality',
      '├─ quarantine  task log  after quality failed',
      '└─ report  task echo  after load or quarantine',
    ].join('\n'),
  )
})

test('of a run they say how steps stand', t => {
  const count = { jobs: 1, attempts: 1, started_at: null, ended_at: null, worker: null, error: null, total: null }
  const counts = [
    { ...count, node: 0, state: 'waiting' as const },
    { ...count, node: 1, state: 'succeeded' as const },
    { ...count, node: 2, state: 'running' as const },
  ]
  const drawn = treeOf(boxOf(plan('etl'), counts))
  t.regex(drawn, /^▷ etl {2}flow {2}waiting\n├─ ✓ orders .* succeeded\n├─ ▷ refunds .* running\n├─ quality {2}task/)
  t.regex(mermaidOf(boxOf(plan('etl'), counts)), /class n1 succeeded\n[\s\S]*classDef succeeded stroke:#2e7d32/)
})

const inside = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(match => match[1]!)

for (const one of plans) {
  const box = boxOf(one, null)
  const ids = allBoxes(box).map(({ id }) => `n${id}`)

  test(`${one.name}: every step is drawn, and arrows are between what is drawn`, t => {
    t.is(ids.length, one.nodes.filter(node => node.kind !== 'any').length)
    const mermaid = mermaidOf(box)
    t.deepEqual(inside(mermaid, /^ *(?:subgraph )?(n\d+)\[/gm).sort(), ids.toSorted())
    t.is(mermaid.match(/^ *subgraph /gm)?.length ?? 0, mermaid.match(/^ *end$/gm)?.length ?? 0)
    for (const end of inside(mermaid, /^ *(n\d+) [-.]/gm)) t.true(ids.includes(end), end)
    const dot = dotOf(box)
    t.is(dot.split('{').length, dot.split('}').length)
    for (const end of inside(dot, /-> (n\d+)/g)) t.true(dot.includes(`${end} [label=`), end)
    t.is(treeOf(box).split('\n').length, ids.length)
  })

  test(`${one.name}: in the picture siblings do not overlap, and what is inside is inside`, t => {
    const svg = svgOf(box)
    const rects = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(
      match => {
        const [x, y, width, height] = match.slice(1).map(Number) as [number, number, number, number]
        return { left: x, top: y, right: x + width, bottom: y + height }
      },
    )
    t.is(rects.length, ids.length)
    const by = new Map(allBoxes(box).map(({ id }, i) => [id, rects[i]!]))
    const check = (around: Box) => {
      const outer = by.get(around.id)!
      for (const child of around.inside) {
        const one = by.get(child.id)!
        t.true(one.left > outer.left && one.right < outer.right && one.top > outer.top && one.bottom < outer.bottom)
        for (const sibling of around.inside) {
          if (sibling === child) continue
          const two = by.get(sibling.id)!
          t.true(one.right < two.left || two.right < one.left || one.bottom < two.top || two.bottom < one.top)
        }
        check(child)
      }
    }
    check(box)
    t.is(svg.match(/<g>/g)!.length, svg.match(/<\/g>/g)!.length)
  })
}

test('names cannot break out of any format', t => {
  const box: Box = { id: 0, label: '<b>"\\', kind: 'task a&b', state: null, inside: [], arrows: [] }
  t.regex(svgOf(box), /&lt;b&gt;&quot;\\<\/text>/)
  t.regex(dotOf(box), /label="<b>\\"\\\\\\ntask a&b"/)
  t.false(mermaidOf(box).includes('"<b>""'))
})

test('a plan of 3,000 steps, and a long line of them, are drawn', t => {
  const steps = Array.from({ length: 3000 }, (_, i) => `    - { id: s${i}, task: log, with: {} }`).join('\n')
  const text = `apiVersion: tq/v1\nkind: Chain\nmetadata: { name: long }\nspec:\n  steps:\n${steps}\n`
  const [manifest] = compile([{ file: 'long.yaml', text }], { handlers: ['log'], known: [] }).manifests
  const box = boxOf(manifest!.plan!, null)
  t.is(treeOf(box).split('\n').length, 3001)
  t.regex(svgOf(box), /chain, and 2800 more/)
})
