export default ({ signal }: { signal: NodeJS.Signals }) => {
  process.kill(process.pid, signal)
  return new Promise(() => {})
}
