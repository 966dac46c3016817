import { complete as candidates } from '../completion.ts'
import type { Action } from '../command.ts'

const complete: Action = async (io, _options, words) => {
  for (const one of await candidates(io, (words ?? []) as string[])) io.out(one)
  return 0
}
export default complete
