import { isObject, type Json } from '../../model/json.ts'
import type { Catalog } from '../catalog.ts'
import { membersText, propertyText, typeText } from './typeText.ts'

/**
 * TypeScript that tells handlers, tests and programs what the tasks of a project want and give, and what its workflows are
 * started with: merged into the interfaces of the package's door for handlers.
 */
export const declarations = ({ tasks, workflows }: Pick<Catalog, 'tasks' | 'workflows'>): string => {
  const sorted = <Value extends { name: string }>(all: Map<string, Value>): Value[] =>
    [...all.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  return `// Made by tq of the manifests; do not edit. \`tq dev\` keeps it true, \`tq schema --types\` writes it anew.
import 'tqflow'

declare module 'tqflow' {
  interface Tasks {
${sorted(tasks)
  .map(task => `    ${propertyText(task.name)}: ${taskText(task.spec)}\n`)
  .join('')}  }
  interface Workflows {
${sorted(workflows)
  .map(workflow => `    ${propertyText(workflow.name)}: { input: ${inputsText(workflow.inputs)} }\n`)
  .join('')}  }
}
`
}

const taskText = ({ inputSchema, outputSchema }: { [name: string]: Json }): string =>
  `{ input: ${typeText(inputSchema)}; output: ${typeText(outputSchema)} }`

/** An input that has a default may be left out. */
const inputsText = (inputs: { [name: string]: Json }): string => {
  const members = membersText(
    inputs,
    name => !(isObject(inputs[name]) && Object.hasOwn(inputs[name], 'default')),
    name => inputs[name]!,
  )
  return members ? `{ ${members} }` : 'Record<string, never>'
}
