/** The moment the handler starts: microseconds since 1970, by this machine's clock. */
export default () => Math.round((performance.timeOrigin + performance.now()) * 1000)
