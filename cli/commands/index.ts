import type { CommandSpec } from '../command.ts'
import { project } from './table/project.ts'
import { manifests } from './table/manifests.ts'
import { runs } from './table/runs.ts'
import { triggers } from './table/triggers.ts'
import { processes } from './table/processes.ts'

/** The commands by what they are about, in the order of their help. Each is loaded only when it is called. */
export const groups: { heading: string; commands: CommandSpec[] }[] = [
  { heading: 'Project', commands: project },
  { heading: 'Manifests', commands: manifests },
  { heading: 'Runs', commands: runs },
  { heading: 'Schedules and hooks', commands: triggers },
  { heading: 'Workers and servers', commands: processes },
]

/** The word that a command is called by. */
export const nameOf = ({ usage }: CommandSpec): string => usage.split(' ')[0]!

export const commands: CommandSpec[] = groups.flatMap(group => group.commands)
