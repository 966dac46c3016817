/** `npm run bench -- <name>`: each file of this folder measures one thing. */
const benches: Record<string, () => Promise<unknown>> = {
  executor: () => import('./executor.ts'),
}

const [name = ''] = process.argv.slice(2)
const bench = benches[name]
if (bench) await bench()
else {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`)
  process.exitCode = 2
}
