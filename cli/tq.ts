import { Command, CommanderError, Option } from 'commander'
import type { Options } from './command.ts'
import { commands, groups, nameOf } from './commands/index.ts'
import { type Io, openIo } from './io.ts'
import { inOurWords, otherWords } from './otherWords.ts'
import { appearance } from './commands/table/flags.ts'
import { styled } from './style.ts'

/** What `tq help exit-codes` says; the engine's error codes each have one of these. */
export const exitCodes = `
Exit codes
   0  success; run --watch, run --wait, watch, wait: the run succeeded
   1  an error answered or found while working; diff: something would change
   2  usage, or an invalid manifest or input (nothing was changed)
   3  the run failed        4  the run was cancelled
   5  timed out: the run's own deadline, or --timeout
   6  not found             7  conflict (something moved since; the idempotency key was used with another input; runs are active)
  10  apply --detailed-exitcode: something was changed
  69  database unreachable, or no worker answered
  77  the database refuses: user, password, database or rights
 130  interrupted (the run goes on)
`

/** Runs one command line. @returns the exit code */
export const main = async (argv: string[], io: Io = openIo()): Promise<number> => {
  let exit = 0
  const program = new Command('tq')
    .description(
      'A declarative workflow engine: manifests in YAML, a plan in Postgres, handlers in TypeScript.\nStart here: tq dev',
    )
    .version(`tq ${await version()}`, '--version')
    .helpCommand('help [command]', 'help for a command; exit-codes: what exit codes mean')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: text => io.out(text.trimEnd()),
      writeErr: text => io.err(text.trimEnd()),
      outputError: (text, write) => write(withoutGuess(text)),
    })
  for (const option of everywhere()) program.addOption(option)
  for (const { spec, heading } of groups.flatMap(({ heading, commands }) =>
    commands.map(spec => ({ spec, heading })),
  )) {
    const command = program.command(spec.usage, { hidden: spec.hidden ?? false }).description(spec.summary)
    command.helpGroup(`${heading}:`)
    for (const [flags, text, fallback, choices] of spec.options) {
      const option = new Option(flags, text)
      if (Array.isArray(choices)) option.choices(choices)
      if (fallback !== undefined) option.default(fallback)
      if (/<(k=v|path)>/.test(flags)) option.argParser((value: string, before: string[] = []) => [...before, value])
      if (flags.startsWith('-o,')) option.choices(spec.formats ?? ['table', 'json', 'yaml', 'name'])
      command.addOption(option)
    }
    for (const option of everywhere()) command.addOption(option.hideHelp())
    command.addHelpText(
      'after',
      `\nExamples\n${spec.examples.map(example => `  $ ${example}`).join('\n')}\n${spec.exits ? exitCodes : ''}`,
    )
    command.action(async (...given: unknown[]) => {
      const options: Options = { ...program.opts(), ...(given.at(-2) as Options) }
      const shown = styled(io, { color: options.color, ascii: options.ascii })
      const args = given.slice(0, -2) as (string | string[] | undefined)[]
      const { default: action } = await spec.load()
      exit = await guarded(shown, options, () => action(shown, options, ...args))
    })
  }
  try {
    if (argv[0] === 'help' && argv[1] === 'exit-codes') io.out(exitCodes.trim())
    else if (argv[0] === 'help' && argv[1] !== undefined && !topics.includes(argv[1]))
      program.error(`error: unknown command '${argv[1]}'${await meant(argv[1])}`, { code: 'commander.unknownCommand' })
    else if (argv.length === 0) io.out(program.helpInformation().trimEnd())
    else await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const said = error.code === 'commander.unknownCommand' ? await inOurWords(io, wordsFrom(error, argv)) : null
    if (said) io.err(said)
    // What other tools take as they stand.
    if (error.code === 'commander.excessArguments' && argv[0] === 'run')
      io.err('Inputs are given by name: tq run NAME --input name=value')
    exit =
      error.exitCode === 0 || error.code === 'commander.helpDisplayed' || error.code === 'commander.version' ? 0 : 2
    if (exit === 2 && asksForJson(argv))
      io.out(
        JSON.stringify({
          error: {
            code: 'USAGE',
            detail: [withoutGuess(error.message).replace(/^error: /, ''), ...(said ? [said] : [])].join('\n'),
          },
        }),
      )
  }
  return exit
}

/** What `tq help` knows more of. */
const topics = [...commands.map(nameOf), 'help', 'exit-codes']

const meant = async (word: string): Promise<string> => {
  const { nearest } = await import('../engine/reader.ts')
  const near = nearest(word, topics)
  return near === undefined ? '' : `\n(Did you mean ${near}?)`
}

const unknown = (text: string): string => /unknown command '([^']*)'/.exec(text)?.[1] ?? ''

/** A word that means something elsewhere is not taken for one of ours that only looks like it. */
const withoutGuess = (text: string): string => (Object.hasOwn(otherWords, unknown(text)) ? text.split('\n')[0]! : text)

/** The command line from the word on that is no command. */
const wordsFrom = ({ message }: Error, argv: string[]): string[] => argv.slice(argv.indexOf(unknown(message)))

/** Understood before a command and behind it. */
const everywhere = (): Option[] =>
  appearance.map(([flags, text, , choices]) => {
    const option = new Option(flags, text)
    return Array.isArray(choices) ? option.choices(choices) : option
  })

/** Options that were not understood have not been parsed: the command line itself says what was wanted. */
const asksForJson = (argv: string[]): boolean =>
  argv.some(
    (arg, i) =>
      /^(-o|--output=)jsonl?$/.test(arg) || (/^jsonl?$/.test(arg) && /^(-o|--output)$/.test(argv[i - 1] ?? '')),
  )

/** Errors become text on stderr, or with `-o json` an object on stdout; the exit code says the kind. */
const guarded = async (io: Io, options: Options, work: () => Promise<number>): Promise<number> => {
  try {
    return await work()
  } catch (error) {
    if (io.signal.aborted) return 130
    // Only here: the engine takes longer to load than `tq --help` may take in all.
    const { errorCodes, explain } = await import('../engine/reader.ts')
    const known = explain(error)
    if (options.output === 'json' || options.output === 'jsonl')
      io.out(JSON.stringify({ error: { code: known.code, detail: known.message, ...known.details } }))
    io.err(`${io.paint('red', 'error:')} ${known.message}`)
    if (known.code === 'INTERNAL')
      io.err(`${(error as Error).stack ?? ''}\nThis is a bug of tq, or a case it should explain better.`)
    return errorCodes[known.code].exit
  }
}

const version = async (): Promise<string> => {
  const { readFile } = await import('node:fs/promises')
  return (JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
}

/** The process: one command line, its exit code. */
export const runProcess = async (): Promise<void> => {
  const io = openIo()
  process.exitCode = await main(process.argv.slice(2), io)
  io.close()
}

if (import.meta.main) await runProcess()
