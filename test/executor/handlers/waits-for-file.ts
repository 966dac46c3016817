import { existsSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Context } from '../../../engine/task.ts'

/** Ends when the file appears. */
export default ({ file }: { file: string }, { log }: Context) =>
  new Promise(resolve => {
    const watcher = watch(dirname(file), () => check())
    const check = () => {
      if (!existsSync(file)) return
      watcher.close()
      resolve('released')
    }
    log('waits')
    check()
  })
