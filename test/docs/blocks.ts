import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { entry, environment, root, write } from '../cli/support.ts'

/** A block of code of a page: its language and its text. */
export type Block = { language: string; text: string }

export const blocksOf = (page: string): Block[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }))

/** A line that is printed, whatever the ids, times and widths of columns, which differ from run to run. */
export const pattern = (line: string): RegExp =>
  new RegExp(
    line
      .trim()
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/t3h8v2f4|9f31c2aa/g, '\\w{8}')
      .replaceAll(/\d+ ms/g, '[\\d.]+(?: ms|s)')
      .replaceAll(/\s+/g, '\\s+'),
    'm',
  )

/** The file that a block says in its first line that it is. */
export const fileOf = ({ text }: Block): string | undefined => /^(?:#|\/\/) (\S+\.(?:ts|yaml))\n/.exec(text)?.[1]

/** Writes that file. */
export const writeFileOf = (dir: string, block: Block): void => {
  const file = fileOf(block)
  if (file) write(dir, file, block.text)
}

/** Runs a line of a shell, in which `npx tq` is this tq. @returns what it printed */
export const runLine = async (dir: string, line: string, env: Record<string, string> = {}): Promise<string> => {
  const { all } = await execa(line.replaceAll('npx tq', `"${process.execPath}" "${entry}"`), {
    cwd: dir,
    shell: true,
    all: true,
    reject: false,
    stdin: 'ignore',
    env: environment(env),
    extendEnv: false,
  })
  return `${all}\n`
}
