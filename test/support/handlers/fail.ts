/** Fails with an error of that name. */
export default (input: { name?: string; message?: string } | null) => {
  const error = new Error(input?.message ?? 'told to')
  error.name = input?.name ?? 'Failed'
  throw error
}
