import { defineTask, type TaskInput, type TaskOutput } from 'tqflow'

// Its types are those of the Task's schemas in manifests/hello.yaml; `tq dev` keeps them true in tq.d.ts.
export default defineTask<TaskInput<'greet'>, TaskOutput<'greet'>>(({ name }, { log }) => {
  log(`greeting ${name}`)
  return { text: `Hello, ${name}!` }
})
