import { readManifest, resolveRun, snapshot } from '../../engine/client.ts'
import { connected } from '../connect.ts'
import { boxOf } from '../graph/box.ts'
import { svgOf } from '../graph/svg.ts'
import { dotOf, mermaidOf, treeOf } from '../graph/text.ts'
import type { Action } from '../command.ts'
import { appliedPlan, planFromFiles } from './plan.ts'

const graph: Action = async (io, options, typed) => {
  const name = String(typed)
  const found = options.file
    ? await planFromFiles(io, options, name).then(plan => plan && { plan, nodes: null })
    : await connected(io, async context => {
        const { sql, namespace } = context
        const kinds = ['workflow', 'task'] as const
        const applied = await Promise.all(kinds.map(kind => readManifest(sql, { namespace, kind, name })))
        if (applied.some(Boolean)) return { plan: await appliedPlan(context, name), nodes: null }
        const run = await resolveRun(context, name).catch(error => {
          if (name.startsWith('@')) throw error
          return null
        })
        return run ? snapshot(context, run) : { plan: await appliedPlan(context, name), nodes: null }
      })
  if (!found) return 2
  const box = boxOf(found.plan, found.nodes)
  const format = options.output ?? 'tree'
  io.out(format === 'json' ? JSON.stringify(box, null, 2) : formats[format]!(box))
  return 0
}
export default graph

const formats: Record<string, (box: ReturnType<typeof boxOf>) => string> = {
  tree: treeOf,
  mermaid: mermaidOf,
  dot: dotOf,
  svg: svgOf,
}
