import { Worker } from 'node:worker_threads'

/**
 * Ends this process when the one that started it is gone, even while a handler keeps the event loop busy: a thread
 * looks once a second. It costs 5 MB and starts beside the main thread.
 */
export const dieWithParent = (): void => {
  const worker = new Worker(watch, { eval: true, workerData: process.ppid, stdout: false, stderr: false })
  worker.unref()
  worker.on('error', () => {})
}

const watch = `
const { workerData } = require('node:worker_threads')
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, 1000)
`
