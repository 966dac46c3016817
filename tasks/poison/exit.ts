/** Ends the process it runs in. */
export default async (input: { code?: number } | null) => {
  await null
  process.exit(input?.code ?? 1)
}
