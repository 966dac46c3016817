import type { CommandSpec, Words } from './command.ts'
import { commands, nameOf } from './commands/index.ts'
import type { Io } from './io.ts'

/** What a name on the command line may be, as far as it is not known before a database is asked. */
type Asked = Exclude<Words, readonly string[]>

/**
 * What may stand where the cursor is. Never throws and never waits long: without a database there are no names, and the shell goes on.
 *
 * @param words what was typed behind `tq`; the last is what is being typed, perhaps nothing yet
 */
export const complete = async (io: Io, words: string[]): Promise<string[]> => {
  const typed = words.at(-1) ?? ''
  const fitting = (candidates: readonly string[]) => candidates.filter(one => one.startsWith(typed))
  if (words.length <= 1) return fitting([...shown.map(nameOf), 'help'])
  if (words[0] === 'help') return fitting([...shown.map(nameOf), 'exit-codes'])
  const spec = commands.find(one => nameOf(one) === words[0])
  if (!spec) return []
  const value = valuesFor(spec, words.at(-2) ?? '')
  if (value !== null) return fitting(value)
  if (typed.startsWith('-')) return fitting([...spec.options.flatMap(([flags]) => flagsOf(flags)), '--help'])
  const at = positionals(spec, words.slice(1, -1))
  const repeats = /\.\.\.[\]>]$/.test(spec.usage) && spec.words?.length === 1
  const wanted = spec.words?.[repeats ? 0 : at] ?? []
  return typeof wanted === 'string' ? fitting(await namesOf(io, wanted, typed)) : fitting(wanted)
}

const shown = commands.filter(spec => !spec.hidden)
const flagsOf = (flags: string): string[] => flags.split(/, | /).filter(word => word.startsWith('-'))

/** What the flag before the cursor may have for a value; null: it is no flag that has one. */
const valuesFor = (spec: CommandSpec, flag: string): string[] | null => {
  const option = spec.options.find(([flags]) => flags.includes('<') && flagsOf(flags).includes(flag))
  if (!option) return null
  return flag === '-o' || flag === '--output' ? (spec.formats ?? ['table', 'json', 'yaml', 'name']) : []
}

/** How many words are neither flags nor their values. */
const positionals = (spec: CommandSpec, words: string[]): number =>
  words.filter((word, i) => !word.startsWith('-') && valuesFor(spec, words[i - 1] ?? '') === null).length

/** How long a database may take to say names, ms. */
const patienceMs = 3000

const namesOf = async (io: Io, wanted: Asked, typed: string): Promise<string[]> => {
  const late = new Promise<string[]>(resolve => setTimeout(resolve, patienceMs, []).unref())
  return Promise.race([late, ask(io, wanted, typed).catch(() => [])])
}

const ask = async (io: Io, wanted: Asked, typed: string): Promise<string[]> => {
  const { listRuns, readNames, runAliases, shortId } = await import('../engine/reader.ts')
  const { connected } = await import('./connect.ts')
  return connected(io, async ({ sql, namespace }) => {
    const runs = wanted === 'run' || wanted === 'plan-or-run' ? await listRuns(sql, { namespace, limit: 20 }) : []
    const names = wanted === 'run' ? [] : await readNames(sql, { namespace })
    const kinds: { [asked in Asked]?: string[] } = {
      startable: ['workflow', 'task'],
      'plan-or-run': ['workflow', 'task'],
      schedule: ['schedule'],
      hook: ['hook'],
    }
    const fitting = names.filter(({ kind }) => kinds[wanted]?.includes(kind) ?? true)
    return [
      ...fitting.map(({ kind, name }) => (typed.includes('/') ? `${kind}/${name}` : name)),
      ...(wanted === 'run' || wanted === 'plan-or-run' ? runAliases : []),
      ...runs.map(run => shortId(run.id)),
    ]
  })
}

/** Scripts that have a shell ask `tq complete` wherever somebody presses Tab; where it says nothing, files are offered. */
export const scripts: { [shell: string]: string } = {
  bash: `_tq() {
  local IFS=$'\\n'
  COMPREPLY=($(tq complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tq tq`,
  zsh: `#compdef tq
_tq() {
  local -a found
  found=("\${(@f)$(tq complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _tq tq`,
  fish: `function __tq_complete
    set -l words (commandline -opc) (commandline -ct)
    tq complete -- $words[2..] 2>/dev/null
end
complete -c tq -f -n 'test -n "$(__tq_complete)"' -a '(__tq_complete)'`,
}
