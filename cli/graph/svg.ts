import { icon } from '../progress.ts'
import type { Arrow, Box } from './box.ts'
import { colours } from './text.ts'

/** A box with its place: all in pixels, from the upper left corner of the picture. */
type Placed = { box: Box; x: number; y: number; width: number; height: number; inside: Placed[] }

const letter = 7.2
const pad = 14
const gap = { x: 44, y: 14 }
const headHeight = 40
const leafHeight = 44
/** Of a wide group so many are drawn. */
const maxInside = 200

/**
 * A picture by itself, without fonts or scripts: what follows stands to the right, what runs at once below each other. Layers are
 * longest paths, which for chains, groups and flows is all the layout there is to do.
 */
export const svgOf = (root: Box): string => {
  const placed = moved(size(root), pad, pad)
  const [width, height] = [Math.ceil(placed.width + 2 * pad), Math.ceil(placed.height + 2 * pad)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(root.label)}">`,
    '<style>text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#222}.kind{fill:#777}rect{fill:#fff;stroke:#999}.around{fill:#0000000a}path{fill:none;stroke:#777}.dashed{stroke-dasharray:4 3}@media(prefers-color-scheme:dark){text{fill:#eee}.kind{fill:#aaa}rect{fill:#1c1c1c}.around{fill:#ffffff0d}}</style>',
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8" style="fill:#777;stroke:none"/></marker></defs>',
    ...drawn(placed),
    '</svg>',
  ].join('\n')
}

const size = (box: Box): Placed => {
  const text = Math.max(box.label.length + (box.state ? 2 : 0), box.kind.length) * letter + 2 * pad
  if (box.inside.length === 0) return { box, x: 0, y: 0, width: text, height: leafHeight, inside: [] }
  const children = box.inside.slice(0, maxInside).map(size)
  const columns = layers(children, box.arrows)
  let x = pad
  const inside: Placed[] = []
  for (const column of columns) {
    let y = headHeight
    for (const child of column) {
      inside.push(moved(child, x, y))
      y += child.height + gap.y
    }
    x += Math.max(...column.map(child => child.width)) + gap.x
  }
  const bottom = Math.max(...inside.map(child => child.y + child.height))
  return { box, x: 0, y: 0, width: Math.max(text, x - gap.x + pad), height: bottom + pad, inside }
}

/** Columns from left to right: each box as far to the right as its longest way from a beginning. */
const layers = (children: Placed[], arrows: Arrow[]): Placed[][] => {
  const shown = new Set(children.map(child => child.box.id))
  const sources = Map.groupBy(
    arrows.filter(({ from, to }) => shown.has(from) && shown.has(to)),
    arrow => arrow.to,
  )
  const depth = new Map<number, number>()
  // A plan's nodes stand in pre-order and a flow's edges may point back among siblings: each way is walked once.
  const of = (id: number): number => {
    const known = depth.get(id)
    if (known !== undefined) return known
    depth.set(id, 0)
    const found = Math.max(-1, ...(sources.get(id) ?? []).map(arrow => of(arrow.from))) + 1
    depth.set(id, found)
    return found
  }
  const columns: Placed[][] = []
  for (const child of children) (columns[of(child.box.id)] ??= []).push(child)
  return columns.filter(column => column !== undefined)
}

const moved = (placed: Placed, x: number, y: number): Placed => ({
  ...placed,
  x: placed.x + x,
  y: placed.y + y,
  inside: placed.inside.map(child => moved(child, x, y)),
})

const drawn = ({ box, x, y, width, height, inside }: Placed): string[] => {
  const stroke = box.state && colours[box.state] ? ` style="stroke:${colours[box.state]};stroke-width:2"` : ''
  const more = box.inside.length - inside.length
  const kind = more > 0 ? `${box.kind}, and ${more} more` : box.kind
  const by = new Map(inside.map(child => [child.box.id, child]))
  return [
    `<g><title>${escaped(`${box.label}: ${kind}${box.state ? `, ${box.state}` : ''}`)}</title>`,
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"${inside.length > 0 ? ' class="around"' : ''}${stroke}/>`,
    `<text x="${round(x + pad)}" y="${round(y + 18)}">${escaped(`${box.state ? `${icon(box.state)} ` : ''}${box.label}`)}</text>`,
    `<text class="kind" x="${round(x + pad)}" y="${round(y + 34)}">${escaped(kind)}</text></g>`,
    ...inside.flatMap(drawn),
    ...box.arrows.flatMap(({ from, to, on }) => {
      const [source, target] = [by.get(from), by.get(to)]
      return source && target ? [arrow(source, target, on)] : []
    }),
  ]
}

const arrow = (from: Placed, to: Placed, on: Arrow['on']): string => {
  const [x1, y1] = [from.x + from.width, from.y + Math.min(from.height / 2, headHeight / 2)]
  const [x2, y2] = [to.x, to.y + Math.min(to.height / 2, headHeight / 2)]
  const bend = Math.max(12, (x2 - x1) / 2)
  const path = `M${round(x1)} ${round(y1)} C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}`
  return `<path d="${path}" marker-end="url(#tip)"${on === 'met' ? '' : ' class="dashed"'}/>`
}

const round = (value: number): string => String(Math.round(value * 10) / 10)
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
