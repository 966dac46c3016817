import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { root } from './root.js'

/** The first version that runs the TypeScript of tq without a flag or a warning. */
const minimum = 24

/** A Node that runs TypeScript: this one, else the package's. */
export const findNode = () => {
  if (Number(process.versions.node.split('.')[0]) >= minimum) return process.execPath
  const name = `node-${process.platform}-${process.arch}`
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)
    const node = join(dirname(manifest), 'bin', 'node')
    if (existsSync(node)) return node
  } catch {
    // Said below.
  }
  throw new Error(
    `this is Node ${process.versions.node}, tq needs ${minimum} or newer, and the package ${name}, which brings one, ` +
      'is not installed; install Node 24, or the packages without `--omit=optional`',
  )
}
