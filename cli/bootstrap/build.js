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

/** What a package has besides. */
const beside = ['package.json', 'README.md', 'LICENSE', 'cli/tq.js', 'cli/bootstrap']

/**
 * Builds `dist/`, which a package consists of: JavaScript and types, as Node strips no types below `node_modules`. In a
 * clone nothing runs from there. With a folder the whole package is made there instead: whoever packs at the same time, of
 * the same clone, is not disturbed.
 */
export const build = async (node, [into] = []) => {
  const dist = join(into ?? root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const code = await runNode(node, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist])
  if (code !== 0) return code
  mkdirSync(join(dist, 'docs'))
  if (into) for (const path of beside) cpSync(join(root, path), join(into, path), { recursive: true })
  for (const path of read) cpSync(join(root, path), join(dist, path), { recursive: true })
  return 0
}
