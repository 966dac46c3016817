import type { Asked, CommandSpec, Flag, Words } from './command.ts'
import { commands, nameOf } from './commands/index.ts'
import { appearance } from './commands/table/flags.ts'
import type { Io } from './io.ts'

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
  const given = { words: positionals(spec, words.slice(1, -1)), all: words }
  const named = async (wanted: Words, before: string | undefined): Promise<readonly string[]> => {
    if (typeof wanted === 'string') return namesOf(io, wanted, typed, given)
    if (Array.isArray(wanted)) return wanted
    const own = (wanted as { [before: string]: readonly string[] | Asked })[before ?? '']
    return own === undefined ? [] : named(own, undefined)
  }
  const option = flagBefore(spec, words.at(-2) ?? '')
  if (option) return valuesFor(spec, option, typed, values => named(values, undefined))
  if (typed.startsWith('-')) return fitting([...flagsOfAll(spec).flatMap(([flags]) => flagsOf(flags)), '--help'])
  const repeats = /\.\.\.[\]>]$/.test(spec.usage) && spec.words?.length === 1
  const wanted = spec.words?.[repeats ? 0 : given.words.length] ?? []
  return fitting(await named(wanted, given.words.at(-1)))
}

const shown = commands.filter(spec => !spec.hidden)
const flagsOfAll = (spec: CommandSpec): Flag[] => [...spec.options, ...appearance]
const flagsOf = (flags: string): string[] => flags.split(/, | /).filter(word => word.startsWith('-'))

/** The flag that stands before the cursor and has a value. */
const flagBefore = (spec: CommandSpec, word: string): Flag | undefined =>
  flagsOfAll(spec).find(([flags]) => flags.includes('<') && flagsOf(flags).includes(word))

/** What a flag may have for a value; of names joined by commas the last is completed. */
const valuesFor = async (
  spec: CommandSpec,
  [flags, , , values = []]: Flag,
  typed: string,
  named: (values: Words) => Promise<readonly string[]>,
): Promise<string[]> => {
  const joined = flags.endsWith('<names>') ? typed.slice(0, typed.lastIndexOf(',') + 1) : ''
  const known = flags.startsWith('-o,') ? (spec.formats ?? ['table', 'json', 'yaml', 'name']) : await named(values)
  const before = joined.split(',')
  return known
    .filter(one => !before.includes(one))
    .map(one => joined + one)
    .filter(one => one.startsWith(typed))
}

/** The words that are neither flags nor their values. */
const positionals = (spec: CommandSpec, words: string[]): string[] =>
  words.filter((word, i) => !word.startsWith('-') && !flagBefore(spec, words[i - 1] ?? ''))

/** How long a database may take to say names, ms. */
const patienceMs = 3000

const namesOf = async (
  io: Io,
  wanted: Asked,
  typed: string,
  given: { words: string[]; all: string[] },
): Promise<readonly string[]> => {
  const { ask } = await import('./known.ts')
  const late = new Promise<string[]>(resolve => setTimeout(resolve, patienceMs, []).unref())
  return Promise.race([late, ask(io, wanted, typed, given).catch(() => [])])
}

/** Scripts that have a shell ask `tq complete` wherever somebody presses Tab; where it says nothing, files are offered. */
export const scripts: { [shell: string]: string } = {
  bash: `_tq() {
  local IFS=$'\\n'
  COMPREPLY=($(tq complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ "\${COMPREPLY[0]}" == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -o default -F _tq tq`,
  zsh: `#compdef tq
_tq() {
  local -a found
  found=("\${(@f)$(tq complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then
    if [[ "\${found[1]}" == *= ]]; then compadd -S '' -- "\${found[@]}"; else compadd -- "\${found[@]}"; fi
  else _files
  fi
}
compdef _tq tq`,
  fish: `function __tq_complete
    set -l words (commandline -opc) (commandline -ct)
    tq complete -- $words[2..] 2>/dev/null
end
complete -c tq -f -n 'test -n "$(__tq_complete)"' -a '(__tq_complete)'`,
}
