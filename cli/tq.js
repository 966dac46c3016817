#!/usr/bin/env node
// The command `tq`: on a Node that is too old it starts again on the one that comes with the package.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { findNode } from './bootstrap/node.js'
import { runNode } from './bootstrap/run.js'

const local = path => fileURLToPath(new URL(path, import.meta.url))
// Compiled and stripped once: the second start is a third faster.
module.enableCompileCache?.()
try {
  const node = findNode()
  // A clone runs the source; a package, where Node strips no types, what was built from it.
  const entry = existsSync(local('./tq.ts')) ? './tq.ts' : '../dist/cli/tq.js'
  if (node === process.execPath) await (await import(entry)).runProcess()
  else process.exitCode = await runNode(node, [local(entry), ...process.argv.slice(2)], { cwd: process.cwd() })
} catch (error) {
  console.error(`tq: ${error.message}`)
  process.exitCode = 1
}
