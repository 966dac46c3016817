import { appendFileSync } from 'node:fs'

/** Never ends and listens to nobody. */
export default ({ journal }: { journal: string }) => {
  appendFileSync(journal, 'start deaf\n')
  return new Promise(() => {})
}
