import { Logger, run } from 'graphile-worker'

const connectionString = process.argv[2]!
process.send?.('ready')
process.once('message', async () => {
  await run({
    connectionString,
    concurrency: 24,
    maxPoolSize: 4,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    taskList: { noop: () => {} },
  })
})
