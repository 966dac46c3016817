import { type Context, didYouMean, oneOf, TqError } from '../../engine/reader.ts'
import type { Options } from '../command.ts'
import { hooks } from './hooks.ts'
import { jobs } from './jobs.ts'
import { tasks, workflows } from './manifests.ts'
import { queues } from './queues.ts'
import { runs } from './runs.ts'
import { schedules } from './schedules.ts'
import { workers } from './workers.ts'

/** What `tq get` finds of one kind. */
export type Listed = {
  data: object[]
  /** One for each row: what `-o name` prints. */
  names: string[]
  header: string[]
  rows: string[][]
  /** What `--sort` compares in columns whose cells are only read by people: moments and spans of time, a value for each row. */
  values?: { [column: string]: (Date | number | null)[] }
  /** How many columns people see who do not ask for `-o wide`. */
  narrow: number
  /** Said to people: how much is not shown, or what to do where nothing is. */
  hint: string | null
}

/** How a kind is listed: what it is called, the filters that mean something for it, and how it is read. */
export type List = {
  words: [string, ...string[]]
  flags: string[]
  /** What `--state` may be. */
  states?: readonly string[]
  read(context: Context, options: Options, name: string | undefined): Promise<Listed>
}

const lists: List[] = [runs, workflows, tasks, queues, schedules, hooks, workers, jobs]

/** The list of this name, with the filters that were given held against it. @throws USAGE */
export const listOf = (what: string, options: Options): List => {
  const list = listNamed(what)
  if (!list)
    throw new TqError(
      'USAGE',
      `"${what}" is nothing to get${
        didYouMean(
          what,
          lists.flatMap(({ words }) => words.slice(0, 2)),
        ) || `; there are ${lists.map(({ words }) => words[0]).join(', ')}`
      }`,
    )
  const spare = filters.find(flag => options[flag] !== undefined && !list.flags.includes(flag))
  if (spare)
    throw new TqError(
      'USAGE',
      `--${spare} says nothing of ${list.words[0]}; ${list.flags.length > 0 ? `they can be chosen by ${list.flags.map(flag => `--${flag}`).join(', ')}` : 'they have no filters but a name'}`,
    )
  const { state } = options
  if (state !== undefined && !list.states!.includes(String(state)))
    throw new TqError('USAGE', `"${state}" is no state of ${list.words[0]}${oneOf(String(state), list.states!)}`)
  return list
}

export const listNamed = (what: string): List | undefined => lists.find(({ words }) => words.includes(what))

const filters = ['state', 'trigger', 'workflow', 'queue', 'since', 'label', 'limit']
