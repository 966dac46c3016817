export default () => {
  const kept: number[][] = []
  for (;;) kept.push(new Array(100_000).fill(1.5))
}
