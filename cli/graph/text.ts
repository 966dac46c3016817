import { icon } from '../progress.ts'
import { allBoxes, type Arrow, type Box } from './box.ts'

/** Branches, as a folder is drawn: what each step waits for stands behind it. */
export const treeOf = (root: Box): string => {
  const labels = new Map(allBoxes(root).map(box => [box.id, box.label]))
  const line = (box: Box, waits: Arrow[]): string => {
    const named = (arrows: Arrow[]) =>
      arrows.map(({ from, on }) => `${labels.get(from)}${on === 'failed' ? ' failed' : ''}`)
    const either = named(waits.filter(({ any }) => any)).join(' or ')
    const from = [...named(waits.filter(({ any }) => !any)), ...(either ? [either] : [])]
    const after = from.length > 0 ? `  after ${from.slice(0, 4).join(', ')}${from.length > 4 ? ', …' : ''}` : ''
    return `${box.state ? `${icon(box.state)} ` : ''}${box.label}  ${box.kind}${box.state ? `  ${box.state}` : ''}${after}`
  }
  const below = (box: Box, indent: string): string[] =>
    box.inside.flatMap((child, i) => {
      const last = i === box.inside.length - 1
      const waits = box.arrows.filter(arrow => arrow.to === child.id)
      return [
        `${indent}${last ? '└─' : '├─'} ${line(child, waits)}`,
        ...below(child, `${indent}${last ? '   ' : '│  '}`),
      ]
    })
  return [line(root, []), ...below(root, '')].join('\n')
}

/** A Mermaid flowchart, as GitHub and many others draw it. */
export const mermaidOf = (root: Box): string => {
  const text = (box: Box): string => `"${`${box.label}<br/><small>${box.kind}</small>`.replaceAll('"', '#quot;')}"`
  const drawn = (box: Box, indent: string): string[] => {
    const shade = box.state ? [`${indent}class n${box.id} ${box.state}`] : []
    if (box.inside.length === 0) return [`${indent}n${box.id}[${text(box)}]`, ...shade]
    return [
      `${indent}subgraph n${box.id}[${text(box)}]`,
      ...box.inside.flatMap(child => drawn(child, `${indent}  `)),
      ...box.arrows.map(
        ({ from, to, on, any }) =>
          `${indent}  n${from} ${on === 'met' ? (any ? '-- any -->' : '-->') : on === 'failed' ? '-. failed .->' : '-. always .->'} n${to}`,
      ),
      `${indent}end`,
      ...shade,
    ]
  }
  const used = [...new Set(allBoxes(root).flatMap(box => box.state ?? []))]
  return [
    'flowchart LR',
    ...drawn(root, '  '),
    ...used.map(state => `  classDef ${state} stroke:${colours[state] ?? '#888'},stroke-width:2px`),
  ].join('\n')
}

/** Graphviz. An arrow to or from a cluster is drawn to one of its nodes and cut at its border. */
export const dotOf = (root: Box): string => {
  const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const leaf = (box: Box): Box => (box.inside[0] ? leaf(box.inside[0]) : box)
  const lastLeaf = (box: Box): Box => (box.inside.length > 0 ? lastLeaf(box.inside.at(-1)!) : box)
  const by = new Map(allBoxes(root).map(box => [box.id, box]))
  const colour = (box: Box): string => (box.state ? ` color=${quoted(colours[box.state] ?? '#888')}` : '')
  const arrow = ({ from, to, on, any }: Arrow): string => {
    const [source, target] = [by.get(from)!, by.get(to)!]
    const marks = [
      source.inside.length > 0 ? `ltail=cluster${from}` : '',
      target.inside.length > 0 ? `lhead=cluster${to}` : '',
      on === 'met' ? (any ? 'label=any' : '') : `style=dashed label=${quoted(on)}`,
    ].filter(Boolean)
    return `n${lastLeaf(source).id} -> n${leaf(target).id}${marks.length > 0 ? ` [${marks.join(' ')}]` : ''}`
  }
  const drawn = (box: Box, indent: string): string[] => {
    const label = quoted(`${box.label}\n${box.kind}`).replaceAll('\n', '\\n')
    if (box.inside.length === 0) return [`${indent}n${box.id} [label=${label}${colour(box)}]`]
    return [
      `${indent}subgraph cluster${box.id} {`,
      `${indent}  label=${label}${colour(box)}`,
      ...box.inside.flatMap(child => drawn(child, `${indent}  `)),
      ...box.arrows.map(one => `${indent}  ${arrow(one)}`),
      `${indent}}`,
    ]
  }
  return [
    'digraph {',
    '  rankdir=LR compound=true',
    '  node [shape=box style=rounded]',
    ...drawn(root, '  '),
    '}',
  ].join('\n')
}

/** By state; others have none of their own. */
export const colours: Record<string, string> = {
  succeeded: '#2e7d32',
  failed: '#c62828',
  running: '#1565c0',
  waiting: '#1565c0',
  queued: '#6a6a6a',
  scheduled: '#b26a00',
  cancelled: '#6a6a6a',
}
