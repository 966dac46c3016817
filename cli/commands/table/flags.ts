import type { CommandSpec, Flag } from '../../command.ts'

export const output: [string, string, string] = ['-o, --output <format>', 'how the answer is printed', 'table']
/** Understood by every command, before it and behind it. */
export const appearance: Flag[] = [
  ['--color <when>', 'auto: on a terminal, and as NO_COLOR says', undefined, ['auto', 'always', 'never']],
  ['--ascii', 'no signs beyond ASCII; so too where LANG is C'],
]
export const files: [string, string] = [
  '-f, --file <path>',
  'file, folder, or - for standard input; again for more (default: manifests/)',
]
export const recursive: [string, string] = ['-R, --recursive', 'folders with what is below them']
export const values: [string, string] = [
  '--values <path>',
  'values for {{ config.… }}: a YAML file; again for more, of which the later win',
]
export const drain: [string, string] = [
  '--drain',
  'what has open runs is started no more, and deleted when the last has ended',
]
export const inputs: Flag[] = [
  ['-i, --input <k=v>', 'one input, name=value; JSON where it parses as such; again for more', undefined, 'input'],
  ['--input-file <file>', 'inputs as YAML or JSON from a file, or - for standard input'],
]
export const asking: CommandSpec['options'] = [
  ['-d, --destination <names>', 'only workers of these names, joined by commas (default: all)', undefined, 'worker'],
  ['--timeout <duration>', 'how long to wait for answers', '3s'],
  output,
]

/** What `tq inspect` asks. */
export const questions = [
  ...['ping', 'active', 'reserved', 'scheduled', 'revoked', 'registered', 'stats', 'conf', 'report', 'queues'],
] as const
