import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.js'
import { runNode } from './run.js'

/** What the built code reads at the place where the source has it. */
const read = [
  'package.json',
  'docs/errors.md',
  'engine/store/migrations',
  'schemas/manifest.json',
  'schemas/events.json',
  'cli/scaffold',
]

/**
 * Builds `dist/`, which a package consists of: JavaScript and types, as Node strips no types below `node_modules`. In a
 * clone nothing runs from there.
 */
export const build = async node => {
  const dist = join(root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const code = await runNode(node, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'])
  if (code !== 0) return code
  mkdirSync(join(dist, 'docs'))
  for (const path of read) cpSync(join(root, path), join(dist, path), { recursive: true })
  return 0
}
