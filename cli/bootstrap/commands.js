import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './build.js'
import { root } from './root.js'
import { runNode } from './run.js'
import { readTap } from './tap.js'

const ava = join(root, 'node_modules/ava/entrypoints/cli.js')
const typescript = join(root, 'node_modules/typescript/bin/tsc')
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')

/** Runs tests; the last line is `N passed, N failed`, with `, N skipped` where some were. */
const test = async (node, args) => {
  const report = readTap(text => process.stdout.write(text))
  // What the files of a run share, each in a process of its own: what one has said, the others need not.
  const shared = mkdtempSync(join(tmpdir(), 'tq-test-run-'))
  try {
    const code = await runNode(node, [ava, '--tap', ...args], { onStdout: report.push, env: { TQ_TEST_RUN: shared } })
    return report.finish(code)
  } finally {
    rmSync(shared, { recursive: true })
  }
}

/** Types, style, stale generated files, and the direction of imports; all are looked at before it fails. */
const check = async node => {
  const checks = [
    ['types', [typescript, '--noEmit', '-p', '.']],
    ['style', [biome, 'ci', '--diagnostic-level=warn', `--colors=${process.stdout.isTTY ? 'force' : 'off'}`, '.']],
    ['generated files', ['schemas/generate.ts', '--check']],
    ['engine/store/schema.sql', ['cli/bootstrap/schema.ts', '--check']],
    ['imports', [ava, 'test/architecture.test.ts']],
  ]
  const failed = []
  for (const [what, args] of checks) {
    const file = args.findLast(arg => /\.[tj]s$/.test(arg)) ?? args[0]
    if (!existsSync(join(root, file)) && !existsSync(file)) continue
    if ((await runNode(node, args)) !== 0) failed.push(what)
  }
  console.log(failed.length === 0 ? 'check: all is well' : `check: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

export const commands = {
  start: (node, args) => runNode(node, ['cli/tq.ts', 'dev', '--run', 'licence-report', ...args]),
  test,
  check,
  build,
  generate: async (node, args) => {
    const code = await runNode(node, ['schemas/generate.ts', ...args])
    return (await runNode(node, ['cli/bootstrap/schema.ts', ...args])) || code
  },
  kafka: (node, args) => runNode(node, ['cli/bootstrap/kafka.ts', ...args]),
  faults: (node, args) => runNode(node, ['test/faults/run.ts', ...args]),
  bench: (node, args) => runNode(node, ['bench/index.ts', ...args]),
}
