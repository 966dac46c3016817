/** Leaves a promise that fails when nobody looks. */
export default async () => {
  void Promise.reject(new Error('nobody awaited me'))
  await new Promise(resolve => setImmediate(resolve))
  return 'too good to be true'
}
