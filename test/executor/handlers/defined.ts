import { defineTask } from '../../../engine/task.ts'

export default defineTask<{ n: number }, number>(({ n }) => n + 1)
