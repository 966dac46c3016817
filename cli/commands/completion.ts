import { oneOf, TqError } from '../../engine/client.ts'
import { scripts } from '../completion.ts'
import type { Action } from '../command.ts'

const completion: Action = async (io, _options, shell) => {
  const script = scripts[String(shell)]
  if (!script)
    throw new TqError('USAGE', `there is no completion for "${shell}"${oneOf(String(shell), Object.keys(scripts))}`)
  io.out(script)
  return 0
}
export default completion
