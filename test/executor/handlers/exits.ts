export default async ({ code }: { code: number }) => {
  await null
  process.exit(code)
}
