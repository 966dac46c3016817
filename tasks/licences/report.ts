import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineTask } from '../../engine/task.ts'
import type { Inspection } from './inspect.ts'

type Input = {
  /** What `licences/inspect` found; a null stands for a package that is absent. */
  packages: (Inspection | null)[]
  /** How many entries the lockfile has, where not all are among `packages`. */
  entries?: number
  /** Default: `reports`. */
  folder?: string
}
export type Summary = {
  entries: number
  present: number
  absent: number
  totalBytes: number
  totalFiles: number
  licences: { [licence: string]: number }
}

/** Writes `licences.md` for people and `licences.json` for programs; the same packages give the same bytes. */
export default defineTask<Input, Summary & { markdown: string; json: string }>(
  async ({ packages, entries = packages.length, folder = 'reports' }) => {
    const present = packages.filter(each => each !== null).sort((a, b) => (a.path < b.path ? -1 : 1))
    const summary: Summary = {
      entries,
      present: present.length,
      absent: entries - present.length,
      totalBytes: present.reduce((sum, { bytes }) => sum + bytes, 0),
      totalFiles: present.reduce((sum, { files }) => sum + files, 0),
      licences: countLicences(present),
    }
    await mkdir(folder, { recursive: true })
    const markdown = join(folder, 'licences.md')
    const json = join(folder, 'licences.json')
    await replaceFile(markdown, markdownOf(summary, present))
    await replaceFile(json, `${JSON.stringify({ ...summary, packages: present }, null, 2)}\n`)
    return { ...summary, markdown, json }
  },
)

/** By count, the most frequent first, then by name. */
const countLicences = (packages: Inspection[]): { [licence: string]: number } => {
  const counts = new Map<string, number>()
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)))
}

/** A reader sees the old report or the new one, never a half: the handler may be killed and run again. */
const replaceFile = async (file: string, text: string): Promise<void> => {
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, text)
  await rename(temporary, file)
}

const markdownOf = (
  { entries, present, absent, totalBytes, totalFiles, licences }: Summary,
  list: Inspection[],
): string =>
  [
    '# Licences of the packages',
    '',
    `${entries} packages are in the lockfile: ${present} installed, ${absent} absent.`,
    `The installed have ${totalFiles} files, ${(totalBytes / 1e6).toFixed(1)} MB.`,
    '',
    '| licence | packages |',
    '| --- | ---: |',
    ...Object.entries(licences).map(([licence, count]) => `| ${licence} | ${count} |`),
    '',
    '| package | version | licence | bytes | SHA-256 |',
    '| --- | --- | --- | ---: | --- |',
    ...list.map(
      each =>
        `| ${each.path.replace(/^node_modules\//, '')} | ${each.version} | ${each.licence} | ${each.bytes} | \`${each.sha256.slice(0, 12)}\` |`,
    ),
    '',
  ].join('\n')
