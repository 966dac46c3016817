import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { declarations, editorSchema, listHandlers, readProject, type Source, TqError } from '../engine/client.ts'
import type { Io } from './io.ts'
import { defaultFolder, readSources } from './sources.ts'

/** What tq makes of a project's manifests for the tools that people write them with. */
export type ProjectFiles = {
  /** JSON Schema. */
  schema: string
  /** TypeScript. */
  types: string
}

const schemaFile = '.tq/schema.json'
const typesFile = 'tq.d.ts'
const settingsFile = '.vscode/settings.json'

/** Of these manifests, or of those that `tq dev` would apply. */
export const makeProjectFiles = async (io: Io, sources?: Source[], recursive = false): Promise<ProjectFiles> => {
  const read = sources ?? (existsSync(join(io.cwd, defaultFolder)) ? await readSources(io, undefined, recursive) : [])
  const project = readProject(read, await listHandlers(io.env.TQ_HANDLERS ?? join(io.cwd, 'tasks')))
  return { schema: `${JSON.stringify(editorSchema(project), null, 2)}\n`, types: declarations(project) }
}

/** Writes the types of tasks and workflows. @returns the file's name */
export const writeTypes = async (io: Io, { types }: ProjectFiles): Promise<string> => {
  await write(io, typesFile, types)
  return typesFile
}

/** Writes the schema and tells VS Code's YAML extension of it. @returns the files' names @throws CONFLICT */
export const writeEditorFiles = async (io: Io, { schema }: ProjectFiles): Promise<string[]> => {
  const before = await readSettings(io)
  const schemas = {
    ...(before['yaml.schemas'] as object | undefined),
    [schemaFile]: [`${defaultFolder}/**/*.yaml`, `${defaultFolder}/**/*.yml`],
  }
  await write(io, schemaFile, schema)
  await write(io, settingsFile, `${JSON.stringify({ ...before, 'yaml.schemas': schemas }, null, 2)}\n`)
  return [schemaFile, settingsFile]
}

/** Writes anew those of the files that are there and no longer true. */
export const refreshProjectFiles = async (io: Io, recursive: boolean): Promise<void> => {
  const there = [schemaFile, typesFile].filter(file => existsSync(join(io.cwd, file)))
  if (there.length === 0) return
  const { schema, types } = await makeProjectFiles(io, undefined, recursive)
  for (const file of there) {
    const text = file === schemaFile ? schema : types
    if ((await readFile(join(io.cwd, file), 'utf8')) !== text) await write(io, file, text)
  }
}

const readSettings = async (io: Io): Promise<{ [name: string]: unknown }> => {
  const text = await readFile(join(io.cwd, settingsFile), 'utf8').catch(() => '{}')
  try {
    return JSON.parse(text) as { [name: string]: unknown }
  } catch {
    throw new TqError(
      'CONFLICT',
      `${settingsFile} has comments or is no JSON, so it is left alone; add to it: "yaml.schemas": { "${schemaFile}": ["${defaultFolder}/**/*.yaml"] }`,
    )
  }
}

const write = async (io: Io, file: string, text: string): Promise<void> => {
  await mkdir(dirname(join(io.cwd, file)), { recursive: true })
  await writeFile(join(io.cwd, file), text)
}
