import { startPostgres } from '../../engine/runtime/embedded.ts'

/** Starts Postgres, prints how to reach it, and waits for ever, or ends. */
const [dataDir, then] = process.argv.slice(2)
const { url, pid } = await startPostgres({ dataDir: dataDir!, fsync: false })
process.stdout.write(`${JSON.stringify({ url, pid })}\n`, () => {
  if (then === 'exit') process.exit(0)
})
setInterval(() => {}, 60_000)
