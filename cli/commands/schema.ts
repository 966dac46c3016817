import { makeProjectFiles, writeEditorFiles, writeTypes } from '../project.ts'
import { readSources } from '../sources.ts'
import type { Action } from '../command.ts'

const schema: Action = async (io, options) => {
  const files = options.file as string[] | undefined
  const recursive = options.recursive === true
  const made = await makeProjectFiles(io, files && (await readSources(io, files, recursive)), recursive)
  const written = [
    ...(options.vscode ? await writeEditorFiles(io, made) : []),
    ...(options.types ? [await writeTypes(io, made)] : []),
  ]
  if (written.length === 0) io.out(made.schema.trimEnd())
  else io.err(`wrote ${written.join(', ')}; tq dev keeps them true`)
  if (options.vscode) io.err('VS Code needs the extension YAML (redhat.vscode-yaml)')
  return 0
}
export default schema
