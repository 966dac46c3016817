import type { Context } from '../../../engine/task.ts'

export default (_input: unknown, { log }: Context) => {
  log('loops')
  for (;;);
}
