import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inTurns, machine, type Report } from './support/measure.ts'

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const manifest = (n: number, steps: number): string => `# Workflow ${n}
apiVersion: tq/v1
kind: Chain
metadata:
  name: workflow-${n}
  labels: { team: team-${n % 7} }
spec:
  inputs:
    name: { type: string, default: x }
  steps:
${Array.from(
  { length: steps },
  (_, i) =>
    `    - id: step-${i}\n      task: echo\n      with:\n        text: "{{ inputs.name }} ${i}"\n        count: ${i}\n      retry: { max: 3, delay: 1s }\n`,
).join('')}  output: "{{ steps.step-${steps - 1}.output }}"
`

/** So many files of 20 steps: `tq validate` as a whole process, beside a process that only reads them and has `yaml` parse them. */
export const validateFiles = async ({ runs, size }: { runs: number; size: number }): Promise<Report> => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-bench-'))
  try {
    mkdirSync(join(dir, 'manifests'))
    mkdirSync(join(dir, 'tasks'))
    copyFileSync(local('../tasks/echo.ts'), join(dir, 'tasks/echo.ts'))
    for (let n = 0; n < size; n++) writeFileSync(join(dir, 'manifests', `${n}.yaml`), manifest(n, 20))
    const run = async (...args: string[]): Promise<number> => {
      const began = performance.now()
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
      return performance.now() - began
    }
    const yaml = () => run(local('./peers/yaml.ts'), join(dir, 'manifests'))
    const tq = () => run(local('../cli/tq.js'), 'validate')
    await tq() // compiled once, as it is for everybody who has called it before
    const rows = await inTurns(runs, [
      { row: { what: 'yaml', unit: 'ms', size }, run: yaml },
      { row: { what: 'tq validate', unit: 'ms', size }, run: tq },
    ])
    return { name: 'validate', machine: machine(), rows }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
