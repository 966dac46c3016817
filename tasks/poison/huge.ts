/** Returns 50 MB. */
export default () => 'x'.repeat(50_000_000)
