import { didYouMean } from '../../model/similar.ts'
import { type Catalog, goesAway } from '../catalog.ts'
import { type Compilation, report } from '../compilation.ts'
import type { Place } from '../text/document.ts'

/**
 * Tells that there is no workflow of the name that stands at a place, and what was probably meant.
 *
 * @param ofTask what to write where a Task is called so
 */
export const reportUnknownWorkflow = (compilation: Compilation, place: Place, name: string, ofTask: string): void => {
  // An expression where none is possible was told with its own reason.
  if (name.includes('{{')) return
  const { catalog } = compilation
  if (isRefused(catalog, name)) return
  const hint = catalog.tasks.has(name) ? `; "${name}" is a Task${ofTask}` : hintFor(catalog, name)
  report(compilation, place, 'UNKNOWN_WORKFLOW', `workflow "${name}" is not defined${hint}`)
}

const hintFor = (catalog: Catalog, name: string): string => {
  if (catalog.handlers?.has(name)) return `; "${name}" is a handler: write task: ${name}`
  const gone = goesAway(catalog, `workflow/${name}`)
  if (gone) return gone
  const bare = bareName(name)
  if (catalog.workflows.has(bare)) return `; did you mean "${bare}"?`
  return didYouMean(bare, catalog.workflows.keys()) || '; where another file has it, give that file too'
}

/** Whether the one that is meant has a name that is none, `Send_mail`: that is told where it stands. */
const isRefused = ({ workflows }: Catalog, name: string): boolean =>
  [...workflows].some(([key, { broken }]) => broken && key !== bareName(key) && bareName(key) === bareName(name))

/** The name in what people write for it: `./parts/mail.yaml`, `default/mail`, `mail@2`, `Send mail`. */
const bareName = (written: string): string =>
  written
    .replace(/\.ya?ml$/, '')
    .replace(/[@(][^/]*$/, '')
    .replaceAll(/[_\s]+/g, '-')
    .toLowerCase()
    .split('/')
    .at(-1)!
