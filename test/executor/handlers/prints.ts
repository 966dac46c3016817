import type { Context } from '../../../engine/task.ts'

export default async (input: { name: string }, { log, progress }: Context) => {
  console.log('log', input.name, { a: 1 })
  await null
  console.warn('warn', input.name)
  setTimeout(() => {}, 0)
  process.stdout.write(`out ${input.name}\n`)
  process.stderr.write(`err ${input.name}\n`)
  console.debug('debug')
  log('told', { rows: 3 })
  log('odd', { size: 7n })
  progress(0.25, 'a quarter')
  progress(0.5, 'half')
}
