export default async ({ wait }: { wait: boolean }) => {
  void Promise.reject(new Error('nobody listens'))
  if (wait) await new Promise(() => {})
  return 'finished'
}
